/** @file Commands as they can be typed into a POSIX shell (sh, dash, bash, zsh). */

/** Words of these characters mean themselves in every shell, except that zsh expands a leading `=` or `~`. */
const PLAIN = /^[\p{L}\p{M}\p{N}_@%+:,./-][\p{L}\p{M}\p{N}_@%+=:,./-]*$/u;

/** A word as a shell reads it back: unchanged, or in single quotes. */
export function shellQuote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Words joined into one command line. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}
