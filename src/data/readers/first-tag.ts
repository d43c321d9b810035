const BLANKS = /\s*/y;

/**
 * The rest of a text from its first tag on: without white space, comments and processing instructions at its beginning.
 * Looks at each character once; a regular expression could take forever.
 */
export function fromFirstTag(text: string): string {
  for (let at = 0; ;) {
    BLANKS.lastIndex = at;
    at += BLANKS.exec(text)![0].length;
    const end = text.startsWith('<!--', at) ? '-->' : text.startsWith('<?', at) ? '?>' : undefined;
    const found = end === undefined ? -1 : text.indexOf(end, at + 2);
    if (found === -1) return text.slice(at);
    at = found + end!.length;
  }
}
