import { COMMA_SEPARATED, soundRecordsOf, type DelimitedRecord } from '../../data/readers/delimited.js';
import { InputError } from '../../base/errors.js';
import { inputChunks, type InputLimit } from '../../base/input-file.js';
import { utf8Chunks } from '../../data/text-file.js';

/** A prompt in both languages. */
export interface PromptPair {
  readonly ko: string;
  readonly en: string;
}

/** Enough for tens of thousands of prompts, which would take a year: each picture takes a minute. */
const LIMIT: InputLimit = { most: 2 ** 22, remedy: 'give fewer prompts' };

/**
 * Reads prompts from a CSV file with the columns `ko` and `en`, in any order.
 *
 * @throws InputError for a file that cannot be read, lacks a column, a text or a row, or has a line whose number of
 *   fields differs from the first line's
 */
export async function readPrompts(path: string): Promise<PromptPair[]> {
  const records: DelimitedRecord[] = [];
  for await (const piece of soundRecordsOf(utf8ChunksOf(path), COMMA_SEPARATED, path))
    for (const record of piece) records.push(record);
  const [header, ...rows] = records;
  const names = (header?.fields ?? []).map((name) => name.trim().toLowerCase());
  const [ko, en] = [names.indexOf('ko'), names.indexOf('en')];
  if (ko === -1 || en === -1)
    throw new InputError(`${path}: expected the columns ko,en in the first line, got ${names.join(',') || 'nothing'}`);
  if (rows.length === 0) throw new InputError(`${path}: expected one prompt per line after the header, got none`);
  return rows.map(({ fields, line }) => {
    if (fields.length !== names.length)
      throw new InputError(
        `${path}: line ${line}: expected ${names.length} fields, as in the first line, got ${fields.length}: ` +
          `${fields.join(',')}; put a text with a comma in quotes`,
      );
    const pair = { ko: fields[ko]?.trim() ?? '', en: fields[en]?.trim() ?? '' };
    if (pair.ko === '' || pair.en === '')
      throw new InputError(`${path}: line ${line}: expected a prompt in both languages, got ${fields.join(',')}`);
    return pair;
  });
}

async function* utf8ChunksOf(path: string): AsyncGenerator<Buffer> {
  for await (const text of utf8Chunks(inputChunks(path, LIMIT), path)) yield Buffer.from(text);
}
