/** @file The key that the ranks of a run have in common. */
import { hkdfSync } from 'node:crypto';
import { InputError } from '../base/errors.js';
import { readInput } from '../base/input-file.js';

/** Of a key, at least: 16 random bytes in hexadecimal. Who records a handshake can try keys, so they must be many. */
const LEAST_CHARACTERS = 32;
const MOST_BYTES = 4096;
const BYTES = 32;
const REMEDY = 'make one with: openssl rand -hex 32';
const LIMIT = { most: MOST_BYTES, remedy: REMEDY };

/**
 * The key from a file, or from `KD_CLUSTER_KEY`; white space around it does not count.
 *
 * @returns 32 bytes derived from it; undefined for none
 * @throws InputError for a file that cannot be read, and for a key that is too short
 */
export async function readClusterKey(file: string | undefined, env: NodeJS.ProcessEnv): Promise<Buffer | undefined> {
  const { KD_CLUSTER_KEY: given } = env;
  const where = file === undefined ? 'KD_CLUSTER_KEY' : `--cluster-key ${file}`;
  const text = file === undefined ? given : (await readInput(file, LIMIT)).toString('utf8');
  if (text === undefined) return undefined;
  const key = text.trim();
  if (key.length < LEAST_CHARACTERS || Buffer.byteLength(key) > MOST_BYTES)
    throw new InputError(
      `${where}: expected a key of ${LEAST_CHARACTERS} characters or more, got ${key.length}; ${REMEDY}`,
    );
  return Buffer.from(hkdfSync('sha256', key, '', 'kd cluster key', BYTES));
}
