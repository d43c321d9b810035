/** @file The names of pictures' files. */

/** The most characters of a prompt in a file name. */
const MAX_LETTERS = 40;

/** The most bytes of them: some file systems limit names to 143 bytes, and a seed, a number and an extension follow. */
const MAX_BYTES = 120;

/** The beginning of a picture's file name: the letters and digits of its prompt, and its seed. Not unique. */
export function fileStemOf(prompt: string, seed: number | string): string {
  const words = prompt
    .normalize('NFC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu) ?? ['empty'];
  let stem = '';
  for (const letter of Array.from(words.join('-')).slice(0, MAX_LETTERS)) {
    if (Buffer.byteLength(stem + letter) > MAX_BYTES) break;
    stem += letter;
  }
  return `${stem}-${seed}`;
}
