/** @file Quotes commands for a POSIX shell (sh, dash, bash, zsh). */

/** Words of these characters need no quotes in any shell. `=` is excluded at the start, where zsh expands it. */
const PLAIN = /^[\p{L}\p{M}\p{N}_@%+:,./-][\p{L}\p{M}\p{N}_@%+=:,./-]*$/u;

/** Quotes a word for a shell, in single quotes if necessary. */
export function shellQuote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Joins words into a command line. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}
