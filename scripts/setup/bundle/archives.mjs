import { spawn } from 'node:child_process';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createBrotliCompress, createBrotliDecompress } from 'node:zlib';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Readable, Writable } from 'node:stream' */

/** tar failed; its message, in one line. */
export class TarError extends Error {}

/**
 * Every Node has Brotli, so unpacking needs no other tool. At quality 5 it is over twice as fast as gzip on NVIDIA's
 * libraries, and its window of 16 MiB finds the many similar kernels: it compresses 150 MB of cuBLASLt to 19 MB in 2.5
 * s, gzip to 44 MB in 6.5 s.
 */
const COMPRESSION = {
  chunkSize: 2 ** 20,
  params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 24 },
};

/**
 * Packs files of a folder into `sink` as a compressed tar archive.
 *
 * @param {string} folder
 * @param {readonly string[]} names paths in it
 * @param {object} options
 * @param {readonly string[]} [options.without] patterns of paths that are left out
 * @param {Writable} options.sink
 * @param {(bytes: number) => void} options.onBytes called with the bytes read
 * @throws {TarError} if tar fails; {Error} with the code of what the system refused to write
 */
export async function pack(folder, names, { without = [], sink, onBytes }) {
  const owner = ['--numeric-owner', '--owner=0', '--group=0'];
  const excludes = without.map((pattern) => `--exclude=${pattern}`);
  const args = ['-c', '-f', '-', '-C', folder, ...owner, '--anchored', ...excludes, '--', ...names];
  const tar = spawn('tar', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = endOf(tar);
  ended.catch(() => undefined); // awaited below
  try {
    await pipeline(tar.stdout, meter(onBytes), createBrotliCompress(COMPRESSION), sink);
  } catch (error) {
    tar.kill();
    throw error;
  }
  await ended;
}

/**
 * Unpacks such an archive into a folder.
 *
 * @param {Readable} source
 * @param {string} folder
 * @param {object} options
 * @param {(bytes: number) => void} options.onBytes called with the bytes taken from `source`
 * @param {number | undefined} [options.lock] a descriptor from `withLock`
 * @throws {TarError} if tar fails; {Error} if the source does
 */
export async function unpack(source, folder, { onBytes, lock }) {
  /** @type {('pipe' | 'ignore' | number)[]} */
  const stdio = ['pipe', 'ignore', 'pipe', ...(lock === undefined ? [] : [lock])];
  // -o: files belong to the user who unpacks them, even root
  const tar = spawn('tar', ['-x', '-o', '-f', '-', '-C', folder], { stdio });
  const ended = endOf(tar);
  ended.catch(() => undefined); // awaited below
  try {
    await pipeline(source, meter(onBytes), createBrotliDecompress(), /** @type {Writable} */ (tar.stdin));
  } catch (error) {
    // tar reads up to the end mark and ignores the rest of its block, or it says why it ended
    if (isClosedPipe(error)) return ended;
    tar.kill();
    throw error;
  }
  return ended;
}

/**
 * @param {ChildProcess} tar
 * @returns {Promise<void>}
 */
function endOf(tar) {
  return new Promise((resolve, reject) => {
    let stderr = '';
    tar.stderr?.setEncoding('utf8').on('data', (text) => (stderr += text));
    tar.once('error', () => reject(new TarError('tar is missing: install it')));
    tar.once('close', (status) => {
      if (status === 0) return resolve();
      const [line = `tar ended with status ${status}`] = stderr.split('\n').filter((text) => text !== '');
      reject(new TarError(line));
    });
  });
}

/** @param {unknown} error */
function isClosedPipe(error) {
  return (
    error instanceof Error && 'code' in error && ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code))
  );
}

/**
 * Counts what passes.
 *
 * @param {(bytes: number) => void} onBytes
 */
function meter(onBytes) {
  return new Transform({
    transform(chunk, _, done) {
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
}
