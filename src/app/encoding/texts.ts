import { inputChunks, inputName, STANDARD_INPUT, type InputLimit } from '../../base/input-file.js';
import { InputError } from '../../base/errors.js';
import { formatCount } from '../../base/format.js';
import { withLineFeeds } from '../../data/readers/line-breaks.js';
import { linesOf, utf8Chunks } from '../../data/text-file.js';

/** Millions of texts: encoded as Stable Diffusion takes them, a terabyte. */
const LIMIT: InputLimit = { most: 256 * 2 ** 20, remedy: 'encode it in parts' };

/** However short they are: a list of many more takes all memory that a process has. */
const MOST_TEXTS = 2 ** 24;

/**
 * The texts of a UTF-8 file, one a line: empty lines are empty texts, and a line break at the very end opens no further
 * line.
 *
 * @param input its path; `-` for standard input
 * @throws InputError for a file that cannot be read, is not UTF-8 (with the line), is empty, over 256 MiB or 2^24
 *   texts
 */
export async function readTexts(input: string): Promise<string[]> {
  const path = input === '-' ? STANDARD_INPUT : input;
  const where = inputName(path);
  const texts: string[] = [];
  for await (const line of linesOf(utf8Chunks(withLineFeeds(inputChunks(path, LIMIT)), where), where)) {
    if (texts.length === MOST_TEXTS)
      throw new InputError(`${where}: expected at most ${formatCount(MOST_TEXTS)} texts, got more; ${LIMIT.remedy}`);
    texts.push(line);
  }
  if (texts.length === 0)
    throw new InputError(`${where}: expected one text per line, got nothing; write one text on each line`);
  return texts;
}
