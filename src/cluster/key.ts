/** @file The key shared by the ranks of a run. */
import { hkdfSync } from 'node:crypto';
import { InputError } from '../base/errors.js';
import { readInput } from '../base/input-file.js';

/** The shortest key: 16 random bytes in hexadecimal. Someone who records a handshake can try keys offline. */
const MIN_CHARACTERS = 32;
const MAX_BYTES = 4096;
const BYTES = 32;
const REMEDY = 'make one with: openssl rand -hex 32';
const LIMIT = { most: MAX_BYTES, remedy: REMEDY };

/**
 * Reads the key from a file or from `KD_CLUSTER_KEY`, without surrounding white space.
 *
 * @returns 32 bytes derived from it; undefined if there is none
 * @throws InputError for a file that cannot be read, or a key that is too short
 */
export async function readClusterKey(file: string | undefined, env: NodeJS.ProcessEnv): Promise<Buffer | undefined> {
  const { KD_CLUSTER_KEY: given } = env;
  const where = file === undefined ? 'KD_CLUSTER_KEY' : `--cluster-key ${file}`;
  const text = file === undefined ? given : (await readInput(file, LIMIT)).toString('utf8');
  if (text === undefined) return undefined;
  const key = text.trim();
  if (key.length < MIN_CHARACTERS || Buffer.byteLength(key) > MAX_BYTES)
    throw new InputError(
      `${where}: expected a key of ${MIN_CHARACTERS} characters or more, got ${key.length}; ${REMEDY}`,
    );
  return Buffer.from(hkdfSync('sha256', key, '', 'kd cluster key', BYTES));
}
