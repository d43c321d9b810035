import { inputChunks, inputName, STANDARD_INPUT, type InputLimit } from '../../base/input-file.js';
import { InputError } from '../../base/errors.js';
import { formatCount } from '../../base/format.js';
import { withLineFeeds } from '../../data/readers/line-breaks.js';
import { linesOf, utf8Chunks } from '../../data/text-file.js';

/** Enough for millions of texts, whose hidden states for Stable Diffusion would take a terabyte. */
const LIMIT: InputLimit = { most: 256 * 2 ** 20, remedy: 'encode it in parts' };

/** The most texts, however short: a list of many more would use up the memory of the process. */
const MAX_TEXTS = 2 ** 24;

/**
 * Reads the texts of a UTF-8 file, one per line. Empty lines are empty texts; a line break at the very end does not
 * start another line.
 *
 * @param input its path; `-` for standard input
 * @throws InputError for a file that cannot be read, is not UTF-8 (with the line), is empty, or holds more than 256 MiB
 *   or 2^24 texts
 */
export async function readTexts(input: string): Promise<string[]> {
  const path = input === '-' ? STANDARD_INPUT : input;
  const where = inputName(path);
  const texts: string[] = [];
  for await (const line of linesOf(utf8Chunks(withLineFeeds(inputChunks(path, LIMIT)), where), where)) {
    if (texts.length === MAX_TEXTS)
      throw new InputError(`${where}: expected at most ${formatCount(MAX_TEXTS)} texts, got more; ${LIMIT.remedy}`);
    texts.push(line);
  }
  if (texts.length === 0)
    throw new InputError(`${where}: expected one text per line, got nothing; write one text on each line`);
  return texts;
}
