/**
 * @file Incomplete downloads, which a later attempt continues. They are beside the file that they will be:
 * `.kd-<key>-<process>.part` while a process writes one, `.kd-<key>-<bytes>-<hash>.part` after it has stopped. A
 * process that is killed leaves the first. Whoever renames one to a name of its own continues it; there are no locks.
 */
import type { Stats } from 'node:fs';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isStale, makerRuns, makerTag } from '../base/stale-files.js';
import { hubTimeout } from './hub-environment.js';

/** What a file is downloaded from. */
export interface PartialSource {
  /** SHA-256, in hexadecimal, that names the source and how the file is made of it. */
  readonly key: string;
  /** The size of the complete file in bytes. */
  readonly size: number;
  /** The SHA-256 of the complete file, if known. Without it, only a part that is known to be sound is continued. */
  readonly sha256: string | undefined;
}

/**
 * How long the part of a process in another container or boot must be unchanged to count as abandoned: longer than a
 * download waits for a silent hub.
 */
const silentMs = (): number => Math.max(10 * 60_000, 10 * hubTimeout());
/** How long a part is kept for a later attempt. */
const FORGOTTEN_MS = 7 * 24 * 3_600_000;

/** The path of a part that this process writes. */
export function writingPath(folder: string, key: string): string {
  return join(folder, `.kd-${key}-${makerTag()}.part`);
}

/**
 * The path of a part that no process writes.
 *
 * @param bytes how many bytes of it are sound
 * @param sha256 the SHA-256 of these bytes, in hexadecimal
 */
export function keptPath(folder: string, key: string, bytes: number, sha256: string): string {
  return join(folder, `.kd-${key}-${bytes}-${sha256.slice(0, 32)}.part`);
}

/** How many bytes of a file need not be downloaded again. */
export function bytesKept(path: string, source: PartialSource): number {
  return freeParts(dirname(path), source)[0]?.bytes ?? 0;
}

/** A part that no process is writing. */
export interface FreePart {
  readonly name: string;
  readonly bytes: number;
  /** The first digits of the SHA-256 of these bytes, if known. */
  readonly start: string | undefined;
}

/** The free parts of a file, largest first. */
export function freeParts(folder: string, { key, size, sha256 }: PartialSource): FreePart[] {
  const found = namesIn(folder).filter((name) => name.startsWith(`.kd-${key}-`) && isFree(folder, name));
  const parts = found.map((name): FreePart => {
    const [, bytes, start] = KEPT.exec(name) ?? [];
    if (start !== undefined) return { name, bytes: Number(bytes), start };
    // What a killed process wrote is there; after a crash of the machine, it may not be.
    const isSound = sha256 !== undefined || makerRuns(name) === false;
    return { name, bytes: isSound ? (statsOf(join(folder, name))?.size ?? 0) : 0, start };
  });
  const usable = parts.map((part) => (part.bytes > size ? { ...part, bytes: 0 } : part));
  return usable.sort((a, b) => b.bytes - a.bytes);
}

const KEPT = /^\.kd-[0-9a-f]{64}-(\d{1,16})-([0-9a-f]{32})\.part$/;

/** Whether a part is this user's, and no process is writing it. */
function isFree(folder: string, name: string): boolean {
  return isStale(folder, name, KEPT.test(name) ? -Infinity : silentMs()); // of any age, even of a clock that is ahead
}

/** Removes parts of any file that nobody has continued for long. */
export function removeForgotten(folder: string): void {
  for (const name of namesIn(folder)) {
    const { mtimeMs } = statsOf(join(folder, name)) ?? {};
    if (mtimeMs === undefined || Date.now() - mtimeMs < FORGOTTEN_MS || !isFree(folder, name)) continue;
    try {
      rmSync(join(folder, name), { force: true });
    } catch {
      // a file system that has become read-only: it does no harm
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\.kd-[0-9a-f]{64}-.*\.part$/.test(name));
  } catch {
    return []; // a folder that cannot be listed, or does not exist yet
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined; // gone in the meantime, or not visible
  }
}
