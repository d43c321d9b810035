import { mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './errors.mjs';

const ABANDONED_MS = 24 * 60 * 60 * 1000;

/**
 * Has `fill` write to a new temporary sibling of the folder `target`, which replaces `target` when done.
 *
 * A killed process leaves only the sibling, which a later call removes; if two processes do this at once, the second
 * replaces the first one's folder with an equal one.
 *
 * @template T
 * @param {string} target
 * @param {(partial: string) => Promise<T>} fill
 */
export async function stageFolder(target, fill) {
  mkdirSync(dirname(target), { recursive: true });
  removeAbandoned(target);
  const partial = `${target}.partial-${scope()}-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial);
  try {
    const result = await fill(partial);
    replaceFolder(target, partial);
    return result;
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/**
 * @param {string} target
 * @param {string} source
 */
function replaceFolder(target, source) {
  try {
    renameSync(source, target);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
    rmSync(target, { recursive: true, force: true });
    renameSync(source, target);
  }
}

/** The scope of this process's id: a PID namespace (a container, usually) of a boot of a host. */
function scope() {
  try {
    const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
    return `${hostname()}-${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)}-${namespace}`;
  } catch {
    return hostname(); // not Linux
  }
}

/**
 * Removes temporary siblings whose process has died; those of other hosts and containers, which may share the folder,
 * once they are a day old.
 *
 * @param {string} target
 */
function removeAbandoned(target) {
  const prefix = `${basename(target)}.partial-`;
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const path = join(dirname(target), name);
    const [, host, pid] = /^(.*)-(\d+)$/.exec(name.slice(prefix.length)) ?? [];
    if (host === scope() ? !isAlive(Number(pid)) : isOld(path)) rmSync(path, { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** @param {string} path */
function isOld(path) {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > ABANDONED_MS;
}
