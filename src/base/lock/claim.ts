/** @file Claims: files in a folder, each naming a process that holds or wants the folder's lock. */
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeIfPossible } from '../exit-removal.js';
import { writeFileAtomic } from '../files.js';
import { object, partOf, text, whole } from '../json-schema.js';
import { soundJson } from '../parse-json.js';
import { thisProcess, type ProcessIdentity } from '../processes.js';
import { openSocket } from './socket.js';

/** The names of claims. Earlier versions used just `lock`. */
export const CLAIM = /^lock(-[0-9a-f]{16})?$/;
export const SOCKET = /^(lock-[0-9a-f]{16})\.socket$/;

/** Whether a name in a locked folder belongs to the lock. */
export function isLockName(name: string): boolean {
  return CLAIM.test(name) || SOCKET.test(name);
}

/** Who holds a lock. */
export interface LockOwner extends ProcessIdentity {
  /** When the lock was taken, in ISO 8601. */
  readonly since?: string | undefined;
  /** Whether it listens on a socket. */
  readonly socket?: boolean | undefined;
}

const OWNER = partOf<LockOwner>(object({ pid: whole(1), host: text }));

/** A claim of this process, with the socket that it listens on. */
export interface OwnClaim {
  readonly name: string;
  readonly path: string;
  readonly withdraw: () => void;
}

/** Adds a claim to a folder under a new name. */
export async function makeClaim(folder: string): Promise<OwnClaim> {
  const name = `lock-${randomBytes(8).toString('hex')}`;
  const path = join(folder, name);
  const socket = await openSocket(folder, `${name}.socket`);
  const withdraw = (): void => {
    removeIfPossible(path);
    socket?.close();
  };
  try {
    const owner = { ...thisProcess(), since: new Date().toISOString(), socket: socket !== undefined };
    await writeFileAtomic(path, JSON.stringify(owner));
  } catch (error) {
    withdraw();
    throw error;
  }
  return { name, path, withdraw };
}

/** The owner in a claim's text; undefined if the text is damaged. */
export function parseOwner(contents: string): LockOwner | undefined {
  return soundJson(OWNER, contents);
}

/** When a file was last modified, in milliseconds since 1970; NaN if it does not exist. */
export async function changeTime(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => NaN,
  );
}
