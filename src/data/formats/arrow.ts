/** @file Arrow files and streams: the folders that `datasets` writes (`save_to_disk`), and others. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { listOf, object, text } from '../../base/json-schema.js';
import { soundJson } from '../../base/parse-json.js';
import type { Format } from '../format.js';
import { probeArrow, readArrow } from '../readers/arrow.js';
import { ARROW_FILE_MAGIC, MAX_METADATA_BYTES } from '../readers/arrow-messages.js';
import type { StoredFile } from '../readers/stored-file.js';
import { EXAMINED_ROWS, probeTypedTable } from './typed-table.js';

/** A stream begins with a message, which begins with this word and the length of its metadata. */
const CONTINUATION = 0xffffffff;

/** Cache files that `map` and `filter` leave beside a data set. */
const CACHE = /^(cache|tmp)[-_0-9a-z]*\.arrow$/;

/** The file that lists the files of a saved data set. */
const DATA_SET = object({ _data_files: listOf(object({ filename: text })) });
const STATE = { file: 'state.json', maxBytes: 1 << 20 };

export const ARROW: Format = {
  shapes: ['arrow'],
  endings: ['.arrow', '.feather'],
  matches: ({ bytes }) => bytes.subarray(0, ARROW_FILE_MAGIC.length).equals(ARROW_FILE_MAGIC) || isStream(bytes),
  probe: async (file, names) => {
    if (isCache(file)) return { reason: 'an intermediate result that datasets has kept, and no part of the data set' };
    const table = await probeArrow(file, EXAMINED_ROWS);
    return probeTypedTable({ shape: 'arrow', ...table }, names, file.name, 'write the table as Parquet or CSV');
  },
  read: readArrow,
};

function isStream(bytes: Buffer): boolean {
  if (bytes.length < 8 || bytes.readUInt32LE(0) !== CONTINUATION) return false;
  const length = bytes.readUInt32LE(4);
  return length > 0 && length <= MAX_METADATA_BYTES && length % 8 === 0;
}

/** Whether a file beside a data set is not part of it: by the data set's state or, without one, by its name. */
function isCache({ path: place, member }: StoredFile): boolean {
  const listed = member === undefined ? filesOfDataSet(path.join(path.dirname(place), STATE.file)) : undefined;
  const name = path.basename(place);
  return listed === undefined ? CACHE.test(name) : !listed.includes(name);
}

function filesOfDataSet(state: string): string[] | undefined {
  try {
    const stats = statSync(state);
    if (!stats.isFile() || stats.size > STATE.maxBytes) return undefined;
    const names = soundJson(DATA_SET, readFileSync(state, 'utf8'))?._data_files.map(({ filename }) => filename);
    return names?.length === 0 ? undefined : names;
  } catch {
    return undefined; // no state file, or something else under its name
  }
}
