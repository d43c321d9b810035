import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {NodeJS.ProcessEnv} Env */
/** @typedef {readonly [string, ...string[]]} Command a program and its first arguments */
/**
 * How a process ended, and its output.
 *
 * @typedef {{ status: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string }} Result
 */

/** A shell's exit status for a command that does not exist. */
export const NOT_FOUND = 127;

const SUPERVISOR = fileURLToPath(new URL('supervisor.mjs', import.meta.url));

/**
 * Runs a command to its end and returns its exit status, the signal that ended it, and its output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} options
 * @param {string} [options.cwd]
 * @param {Env} [options.env]
 * @param {boolean} [options.showOutput] standard output goes to this process's standard error instead
 * @param {number | undefined} [options.lock] a descriptor from `withLock`, for children that write where a lock is
 *   needed: they are killed when this process ends (supervisor.mjs), and keep the lock up to then
 * @param {number | undefined} [options.timeout] milliseconds after which it is killed, and not waited for, since one
 *   that waits for a driver in the kernel survives that
 * @returns {Promise<Result>}
 */
export function run(command, args, { cwd, env, showOutput = false, lock, timeout }) {
  return new Promise((resolve) => {
    /** @type {('ignore' | 'pipe' | number)[]} */
    const stdio = [lock === undefined ? 'ignore' : 'pipe', showOutput ? process.stderr.fd : 'pipe', 'pipe'];
    if (lock !== undefined) stdio.push(lock);
    const child =
      lock === undefined
        ? spawn(command, args, { cwd, env, stdio })
        : spawn(process.execPath, [SUPERVISOR, command, ...args], { cwd, env, stdio, detached: true });
    const written = { stdout: '', stderr: '' };
    for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
      child[name]?.setEncoding('utf8').on('data', (text) => (written[name] += text));
    }
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ status: NOT_FOUND, signal: null, stdout: '', stderr: error.message });
    });
    const giveUp = () => {
      child.kill('SIGKILL');
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
      child.unref();
      const stderr = `no answer within ${(timeout ?? 0) / 1000} s`;
      resolve({ status: null, signal: 'SIGKILL', stdout: '', stderr });
    };
    child.once('exit', (_, signal) => {
      if (lock !== undefined && signal !== null) killGroup(child.pid);
    });
    const timer = timeout === undefined ? undefined : setTimeout(giveUp, timeout);
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, ...written });
    });
  });
}

/**
 * Kills what is left of a process group, as after the death of its leader.
 *
 * @param {number | undefined} leader
 */
function killGroup(leader) {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // nothing is left
  }
}

/**
 * A word of a command to be typed into a shell.
 *
 * @param {string} text
 */
export function shellWord(text) {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * All executable files on PATH with one of `names`, in the order of the names.
 *
 * @param {readonly string[]} names
 * @param {Env} env
 */
export function findExecutables(names, env) {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return names
    .flatMap((name) => (name.includes('/') ? [name] : folders.map((folder) => join(folder, name))))
    .filter(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * How a failed command ended, in one line: the line of its output that matches `pattern`, else the last one.
 *
 * @param {Result} result
 * @param {RegExp} pattern
 */
export function failureLine({ status, signal, stdout, stderr }, pattern) {
  const lines = `${stdout}\n${stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (
    lines.find((line) => pattern.test(line)) ?? (signal === null ? (lines.at(-1) ?? `exit status ${status}`) : signal)
  );
}
