/**
 * @file Files that grow by whole records, lines for one, and text files that can be cut back to some of their lines.
 * What the system refuses is an `InputError` that names the file.
 */
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { fileError, readIfThere, writeFileAtomic } from '../base/files.js';

export interface RecordFile {
  append(record: Uint8Array): void;
  /** Brings what was added to the disk, as far as it fits: after a power cut it is there. */
  sync(): void;
  close(): void;
}

export interface LineFile extends Omit<RecordFile, 'append'> {
  line(text: string): void;
}

/**
 * Opens a file to add whole records to, one write each, so that they are there when the process is killed. What does
 * not fit on the disk is taken back, kept, and written with the next record that does.
 *
 * @throws InputError, here and in every call, when the system refuses
 */
export function openRecords(path: string): RecordFile {
  const named = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw fileError(path, 'cannot be written', error);
    }
  };
  const file = named(() => openSync(path, 'a'));
  let waiting = Buffer.alloc(0);
  const flush = (): void => {
    const before = fstatSync(file).size;
    try {
      if (writeSync(file, waiting) === waiting.length) {
        waiting = Buffer.alloc(0);
        return;
      }
    } catch (error) {
      if (!isNoSpace(error)) throw error;
    }
    ftruncateSync(file, before); // no part of a record
  };
  return {
    append(record) {
      waiting = Buffer.concat([waiting, record]);
      named(flush);
    },
    sync() {
      named(() => {
        if (waiting.length > 0) flush();
        fdatasyncSync(file);
      });
    },
    close() {
      if (waiting.length > 0) named(flush);
      closeSync(file);
    },
  };
}

/** Opens a text file to add whole lines to, as `openRecords`. */
export function openLines(path: string): LineFile {
  const file = openRecords(path);
  return {
    ...file,
    line: (text) => {
      file.append(Buffer.from(`${text}\n`));
    },
  };
}

function isNoSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/**
 * Keeps the lines of a file that are whole and wanted; all at once or not at all. A file that is not there stays so.
 *
 * @throws InputError when the system refuses
 */
export async function keepLines(path: string, isKept: (line: string) => boolean): Promise<void> {
  const text = await readIfThere(path);
  if (text === undefined) return;
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const kept = whole
    .split('\n')
    .slice(0, -1)
    .filter(isKept)
    .map((line) => `${line}\n`)
    .join('');
  if (kept !== text) await writeFileAtomic(path, kept);
}
