/**
 * @file Files that grow by complete records, such as lines, and text files that can be cut back to some of their lines.
 * System errors become an `InputError` that names the file.
 */
import { InputError } from '../base/errors.js';
import { readIfThere, writeFileAtomic } from '../base/files.js';
import { formatCount } from '../base/format.js';
import { isSystemError } from '../base/system-errors.js';
import { AppendedFile } from './appended-file.js';

export interface RecordFile {
  /** Adds a record. One that the system refuses waits in memory; `sync` tells why. */
  append(record: Uint8Array): void;
  /**
   * Flushes what was added to disk, so that it survives a power cut.
   *
   * @throws InputError if the system refuses some of it, which a later call tries again
   */
  sync(): void;
  /**
   * Writes what waits in memory, and closes.
   *
   * @throws InputError if the system refuses, with how much is lost
   */
  close(): void;
}

export interface LineFile extends Omit<RecordFile, 'append'> {
  line(text: string): void;
}

/** When a file is opened: at once, or before its first record, and again if the system refuses. */
export type Opening = 'now' | 'later';

/**
 * Opens a file to append complete records, one write each, so that they survive if the process is killed. A record that
 * the system refuses, as on a full disk, is undone, kept in memory, and written before the next one. Records are also
 * kept until they are flushed: after a failed flush the system may have dropped any of them, so they are written again.
 *
 * @throws InputError if it is to be opened now, and the system refuses
 */
export function openRecords(path: string, opening: Opening = 'now'): RecordFile {
  const file = new AppendedFile(path);
  if (opening === 'now') file.named(() => file.descriptor);
  let written: Uint8Array[] = []; // since the last flush
  let waiting: Uint8Array[] = [];
  let doubt: { readonly error: unknown } | undefined; // the failed flush after which `written` may have been dropped

  return {
    append(record) {
      waiting.push(record);
      try {
        writeWaiting();
      } catch (error) {
        if (!isSystemError(error)) throw error;
      }
    },
    sync() {
      file.named(flush);
    },
    close() {
      try {
        file.named(() => {
          writeWaiting();
          if (doubt !== undefined) throw doubt.error; // not cut back: there may be no other try
        });
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        const lost = waiting.length + (doubt === undefined ? 0 : written.length);
        throw error.add(`records ${doubt === undefined ? '' : 'perhaps '}lost at its end: ${formatCount(lost)}`);
      } finally {
        file.close();
      }
    },
  };

  /** Writes the waiting records in order, up to the first that the system refuses. */
  function writeWaiting(): void {
    let done = 0;
    try {
      for (; done < waiting.length; done++) file.append(waiting[done]!);
    } finally {
      for (const record of waiting.splice(0, done)) written.push(record); // perhaps too many for one call
    }
  }

  function flush(): void {
    if (doubt !== undefined) {
      file.cutToFlushed();
      waiting = [...written, ...waiting];
      written = [];
      doubt = undefined;
    }
    writeWaiting();
    if (written.length === 0) return;
    try {
      file.flush();
    } catch (error) {
      doubt = { error };
      throw error;
    }
    written = [];
  }
}

/** Opens a text file to append complete lines, as `openRecords` does. */
export function openLines(path: string, opening?: Opening): LineFile {
  const file = openRecords(path, opening);
  return {
    ...file,
    line: (text) => {
      file.append(Buffer.from(`${text}\n`));
    },
  };
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
