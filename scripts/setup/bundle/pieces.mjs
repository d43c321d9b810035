import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SetupError } from '../errors.mjs';

/** @import { FileHandle } from 'node:fs/promises' */
/** @import { Piece } from './manifest.mjs' */

/**
 * Writes bytes to files of `pieceBytes` each, the last one smaller. A piece has a temporary name until it is complete
 * and on disk.
 */
export class PieceWriter {
  /** @type {Piece[]} */
  pieces = [];
  /** Bytes written so far. */
  bytes = 0;
  /** @type {{ file: FileHandle, partial: string, bytes: number, hash: ReturnType<typeof createHash> } | undefined} */
  #current;
  #folder;
  #pieceBytes;
  #nameOf;

  /**
   * @param {string} folder
   * @param {number} pieceBytes
   * @param {(number: number) => string} nameOf
   */
  constructor(folder, pieceBytes, nameOf) {
    this.#folder = folder;
    this.#pieceBytes = pieceBytes;
    this.#nameOf = nameOf;
  }

  /** A stream into the pieces; ending it does not end them. */
  stream() {
    return new Writable({
      write: (chunk, _, done) => {
        this.#write(chunk).then(() => done(), done);
      },
    });
  }

  /** @param {Buffer} chunk */
  async #write(chunk) {
    for (let at = 0; at < chunk.length;) {
      this.#current ??= await this.#begin();
      const part = chunk.subarray(at, at + this.#pieceBytes - this.#current.bytes);
      await this.#current.file.writeFile(part);
      this.#current.hash.update(part);
      this.#current.bytes += part.length;
      this.bytes += part.length;
      at += part.length;
      if (this.#current.bytes === this.#pieceBytes) await this.finish();
    }
  }

  async #begin() {
    const partial = join(this.#folder, `${this.#name()}.partial-${randomBytes(8).toString('hex')}`);
    return { file: await open(partial, 'wx'), partial, bytes: 0, hash: createHash('sha256') };
  }

  #name() {
    return this.#nameOf(this.pieces.length + 1);
  }

  /** Gives the current piece its name. */
  async finish() {
    if (this.#current === undefined) return;
    const { file, partial, bytes, hash } = this.#current;
    await file.sync();
    await file.close();
    const name = this.#name();
    await rename(partial, join(this.#folder, name));
    this.pieces.push({ name, bytes, sha256: hash.digest('hex') });
    this.#current = undefined;
  }

  /** Removes the current piece. */
  async abandon() {
    if (this.#current === undefined) return;
    await this.#current.file.close().catch(() => undefined);
    await rm(this.#current.partial, { force: true });
    this.#current = undefined;
  }
}

/** Reads ranges of bytes over all pieces; a piece is verified by its SHA-256 before anything in it is used. */
export class PieceReader {
  /** @type {Map<string, Promise<void>>} */
  #checks = new Map();
  #folder;
  #pieces;

  /**
   * @param {string} folder
   * @param {readonly Piece[]} pieces
   */
  constructor(folder, pieces) {
    this.#folder = folder;
    this.#pieces = pieces;
  }

  /**
   * The bytes `[offset, offset + bytes)`.
   *
   * @param {number} offset
   * @param {number} bytes
   * @throws {SetupError} that names a piece that is damaged
   */
  async read(offset, bytes) {
    /** @type {{ piece: Piece, from: number, to: number }[]} */
    const parts = [];
    let start = 0;
    for (const piece of this.#pieces) {
      const [from, to] = [Math.max(offset - start, 0), Math.min(offset + bytes - start, piece.bytes)];
      if (from < to) parts.push({ piece, from, to });
      start += piece.bytes;
    }
    for (const { piece } of parts) await this.#check(piece);
    const folder = this.#folder;
    return Readable.from(
      (async function* () {
        for (const { piece, from, to } of parts)
          yield* createReadStream(join(folder, piece.name), { start: from, end: to - 1, highWaterMark: 2 ** 20 });
      })(),
      { objectMode: false },
    );
  }

  /** @param {Piece} piece */
  #check(piece) {
    let check = this.#checks.get(piece.name);
    if (check === undefined) this.#checks.set(piece.name, (check = checkPiece(this.#folder, piece, this.#pieces)));
    return check;
  }
}

/**
 * @param {string} folder
 * @param {Piece} piece
 * @param {readonly Piece[]} pieces all, since a damaged one may be another
 */
async function checkPiece(folder, { name, sha256 }, pieces) {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(join(folder, name), { highWaterMark: 2 ** 20 }), hash);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SetupError(`--from ${folder}: ${name} cannot be read (${message}); copy it again`);
  }
  const found = hash.digest('hex');
  const other = pieces.find((piece) => piece.sha256 === found)?.name;
  if (found !== sha256 && other !== undefined)
    throw new SetupError(`--from ${folder}: ${name} holds what belongs in ${other}; copy both again`);
  if (found !== sha256)
    throw new SetupError(
      `--from ${folder}: ${name} is damaged (its SHA-256 should begin with ${sha256.slice(0, 12)} and begins with ` +
        `${found.slice(0, 12)}); copy it again`,
    );
}
