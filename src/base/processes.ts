/**
 * @file Which process made something, and whether it is still running.
 *
 * A process id alone does not identify a process: it may have been reused, and every PID namespace (usually a
 * container) has ids of its own. Together with boot, namespace and start time it does.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Identifies a process. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When the process began, in clock ticks since boot; absent if the system does not say. */
  readonly started?: string | undefined;
  /** The kernel's boot id; absent likewise. */
  readonly boot?: string | undefined;
  /** The PID namespace that `pid` belongs to; absent likewise. */
  readonly namespace?: string | undefined;
  readonly host: string;
}

/** A process as the system lists it. */
export interface ListedProcess {
  /** As in `ProcessIdentity`. */
  readonly started?: string | undefined;
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  const self = { pid: process.pid, host: hostname() };
  const stat = readIfThere('/proc/self/stat');
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')?.trim();
  // A /proc of another namespace lists this process under another id, and other processes under its own.
  if (stat === undefined || Number.parseInt(stat) !== process.pid) return { ...self, boot };
  return { ...self, boot, namespace: ownNamespace(), started: parseStat(stat).started };
}

/**
 * Whether a process is still running.
 *
 * @param self this process
 * @param find looks up a process in this process's namespace
 * @returns undefined if unknown: the process is of another machine, an earlier boot or another container
 */
export function isRunning(
  { pid, started, boot, namespace, host }: ProcessIdentity,
  self: ProcessIdentity = thisProcess(),
  find: (pid: number) => ListedProcess | undefined = findProcess,
): boolean | undefined {
  const isKnown =
    boot === undefined && self.boot === undefined
      ? process.platform !== 'linux' && host === self.host // these systems have no boot ids or namespaces
      : boot === self.boot && namespace !== undefined && namespace === self.namespace;
  if (!isKnown) return undefined;
  const listed = find(pid);
  if (listed === undefined) return false;
  return started === undefined || listed.started === undefined || listed.started === started;
}

/** Whether two processes run, or ran, on the same kernel since the same boot. */
export function isSameBoot(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.boot === undefined && b.boot === undefined ? a.host === b.host : a.boot === b.boot;
}

/** Looks up a process by its id; undefined if there is none, or only its exit status is left. */
function findProcess(pid: number): ListedProcess | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat !== undefined) {
    const { state, started } = parseStat(stat);
    return state === 'Z' || state === 'X' ? undefined : { started };
  }
  try {
    process.kill(pid, 0); // only checks that it exists: /proc may be absent, or hide it
    return {};
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? {} : undefined;
  }
}

/**
 * Parses fields 3 and 22, counting from the end of the name in brackets, which may contain anything (proc_pid_stat(5)).
 */
function parseStat(stat: string): { state: string; started: string } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0]!, started: fields[19]! };
}

function ownNamespace(): string | undefined {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
