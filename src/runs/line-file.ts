/**
 * @file Files that grow by complete records, such as lines, and text files that can be cut back to some of their lines.
 * System errors become an `InputError` that names the file.
 */
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { readIfThere, writeFileAtomic } from '../base/files.js';
import { fileError } from '../base/system-errors.js';

export interface RecordFile {
  append(record: Uint8Array): void;
  /** Flushes what was added to disk, as far as it fits, so that it survives a power cut. */
  sync(): void;
  close(): void;
}

export interface LineFile extends Omit<RecordFile, 'append'> {
  line(text: string): void;
}

/**
 * Opens a file to append complete records, one write each, so that they survive if the process is killed. A record that
 * does not fit on the disk is undone, kept in memory, and written with the next one that fits.
 *
 * @throws InputError, here and in every call, if the system refuses
 */
export function openRecords(path: string): RecordFile {
  let isRefused = false;
  const named = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      isRefused = true;
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
    ftruncateSync(file, before); // remove the partial record
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
      try {
        if (waiting.length > 0 && !isRefused) named(flush); // a refusal has been thrown already
      } finally {
        closeSync(file);
      }
    },
  };
}

/** Opens a text file to append complete lines, as `openRecords` does. */
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
 * Keeps the complete, wanted lines of a file, in one atomic replacement. A missing file is left missing.
 *
 * @throws InputError if the system refuses
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
