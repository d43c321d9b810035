/** @file The characters of a text that are not seen. */

/**
 * Matches one, in a regular expression with the flag `v`: a character that Unicode lets programs ignore (zero-width
 * spaces and joiners, soft hyphens, fillers, selectors, direction marks, tags), or a control character other than white
 * space, which BERT's tokenizers remove, too.
 */
export const INVISIBLE = '[\\p{Default_Ignorable_Code_Point}[\\p{Cc}--\\p{White_Space}]]';
