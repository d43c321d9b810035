import { InputError } from '../../base/errors.js';
import { linesOf, readBytes, utf8Chunks } from '../../data/text-file.js';

/**
 * The texts of a UTF-8 file, one a line: empty lines are empty texts, and a line break at the very end opens no further
 * line.
 *
 * @param input its path; `-` for standard input
 * @throws InputError for a file that cannot be read, is not UTF-8 (with the line) or is empty
 */
export async function readTexts(input: string): Promise<string[]> {
  const [bytes, where] =
    input === '-' ? [process.stdin as AsyncIterable<Buffer>, 'standard input'] : [readBytes(input), input];
  const texts: string[] = [];
  for await (const line of linesOf(utf8Chunks(bytes, where))) texts.push(line);
  if (texts.length === 0)
    throw new InputError(`${where}: expected one text per line, got nothing; write one text on each line`);
  return texts;
}
