/** @file Commands as they can be typed into a POSIX shell (sh, dash, bash, zsh). */

/** Words of these characters mean themselves in every shell; `=` and `~` at the beginning do not in zsh. */
const PLAIN = /^[\p{L}\p{M}\p{N}_@%+:,./-][\p{L}\p{M}\p{N}_@%+=:,./-]*$/u;

/** A word as a shell reads it back: as it is, or in single quotes. */
export function shellQuote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Words as one command line. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

/** A flag with its values as words; a value that begins with a dash would be taken for another flag. */
export function flagWords(flag: string, values: readonly string[]): string[] {
  if (!values.some((value) => value.startsWith('-'))) return [flag, ...values];
  return values.map((value) => `${flag}=${value}`);
}
