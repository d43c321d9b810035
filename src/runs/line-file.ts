/** @file Text files that grow by whole lines and can be cut back to some of them. */
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../files.js';

export interface LineFile {
  line(text: string): void;
  close(): void;
}

/**
 * Opens a text file to add whole lines to, one write each, so that they are there when the process is killed. What does not fit
 * on the disk is taken back, kept, and written with the next line that does.
 */
export function openLines(path: string): LineFile {
  const file = openSync(path, 'a');
  let waiting = '';
  const flush = (): void => {
    const bytes = Buffer.from(waiting);
    const before = fstatSync(file).size;
    try {
      if (writeSync(file, bytes) === bytes.length) {
        waiting = '';
        return;
      }
    } catch (error) {
      if (!isNoSpace(error)) throw error;
    }
    ftruncateSync(file, before); // no part of a line
  };
  return {
    line(text) {
      waiting += `${text}\n`;
      flush();
    },
    close() {
      if (waiting !== '') flush();
      closeSync(file);
    },
  };
}

function isNoSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Keeps the lines of a file that are whole and wanted; all at once or not at all. A file that is not there stays so. */
export async function keepLines(path: string, isKept: (line: string) => boolean): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const kept = whole.split('\n').slice(0, -1).filter(isKept).map((line) => `${line}\n`).join('');
  if (kept !== text) await writeFileAtomic(path, kept);
}
