/** @file A file that grows at its end by whole records, and can take back what may not have reached the disk. */
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { fileError } from '../base/system-errors.js';

/** A file that is written at its end. Throws the system's errors, except in `named`. */
export class AppendedFile {
  #descriptor: number | undefined;
  /** Its size when it was last flushed. */
  #flushed = 0;
  /** The size to cut it back to before anything is added, after a partial write that could not be undone. */
  #torn: number | undefined;

  constructor(readonly path: string) {}

  /** Opens the file if it is not open. */
  get descriptor(): number {
    if (this.#descriptor === undefined) {
      this.#descriptor = openSync(this.path, 'a');
      this.#flushed = fstatSync(this.#descriptor).size;
    }
    return this.#descriptor;
  }

  /** Adds a whole record, or nothing. */
  append(record: Uint8Array): void {
    const { descriptor } = this;
    this.#mend();
    const { size } = fstatSync(descriptor);
    try {
      for (let done = 0; done < record.length;) done += writeSync(descriptor, record, done);
    } catch (error) {
      this.#torn = size;
      this.#mend();
      throw error;
    }
  }

  flush(): void {
    const { descriptor } = this;
    fdatasyncSync(descriptor);
    this.#flushed = fstatSync(descriptor).size;
  }

  /** Removes what was added since the last flush. */
  cutToFlushed(): void {
    this.#torn = this.#flushed;
    this.#mend();
  }

  #mend(): void {
    if (this.#torn === undefined) return;
    const { descriptor } = this;
    if (fstatSync(descriptor).size > this.#torn) ftruncateSync(descriptor, this.#torn);
    this.#torn = undefined;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }

  /** Does work on the file; system errors become an InputError that names it. */
  named<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw fileError(this.path, 'cannot be written', error);
    }
  }
}
