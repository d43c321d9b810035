/** A process of `kd train` that is killed at a given moment. */
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { KD, passOnSignals } from '../kd.mjs';
import { phaseOf } from './phase.mjs';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { FSWatcher } from 'node:fs' */
/** @import { Phase, Plan } from './phase.mjs' */

/**
 * Where and how to run and kill processes.
 *
 * @typedef {object} Means
 * @property {string} cwd
 * @property {NodeJS.Signals | 'pipes'} by a signal; or `pipes`, both of which are closed
 * @property {number} saveMs about how long a checkpoint takes to write, in milliseconds
 */

/**
 * How a process of `kd train` ended.
 *
 * @typedef {object} Ending
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {boolean} struck whether it was there to be killed
 * @property {boolean} isEndedByUs
 * @property {Phase[] | undefined} phase what was going on when it was killed, where that is not to be seen any more
 * @property {Plan | undefined} plan
 * @property {string} stderr
 */

/**
 * Runs `kd train`, and kills it if asked.
 *
 * @param {readonly string[]} args
 * @param {Means} means
 * @param {{ moment: number, run: string }} [kill] when to kill it, `moment` from 0 to 1: below 0.1 while it starts,
 *   below 0.6 in the first seconds of training, else from the first file of a checkpoint on, in about the time that one
 *   takes; absent: never
 * @returns {Promise<Ending>}
 */
export function trainAndKill(args, { cwd, by, saveMs }, kill) {
  const { moment, run } = kill ?? { moment: NaN, run: '' };
  return new Promise((done) => {
    const child = spawn(process.execPath, [KD, 'train', '--json', ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    passOnSignals(child);
    let [stderr, stdout, struck] = ['', '', false];
    /** @type {Plan | undefined} */
    let plan;
    /** @type {FSWatcher | undefined} */
    let watcher;
    /** @type {Phase[] | undefined} */
    let phase;
    /** @param {number} milliseconds */
    const killIn = (milliseconds) => {
      setTimeout(() => {
        if (by !== 'SIGKILL') phase = phaseOf(run, plan); // it may soon change
        struck = by === 'pipes' ? closePipes(child) : child.kill(by);
      }, milliseconds).unref();
    };
    if (moment < 0.1) killIn(moment * 20_000);
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.on('data', (chunk) => {
      if (plan !== undefined) return;
      stdout += chunk;
      const line = /^.*"event":"plan".*$/m.exec(stdout);
      if (line === null || !stdout.slice(line.index).includes('\n')) return;
      plan = JSON.parse(line[0]);
      if (moment >= 0.6)
        watcher = onSave(run, () => {
          killIn((saveMs * (moment - 0.6)) / 0.4);
        });
      else if (moment >= 0.1) killIn(3000 * (2 * (moment - 0.1)) ** 2);
    });
    child.on('close', (code, signal) => {
      watcher?.close();
      const isEndedByUs = struck && (signal === by || (code === 130 && by !== 'SIGKILL'));
      done({
        code,
        signal,
        struck: struck && (isEndedByUs || by === 'pipes'),
        isEndedByUs,
        phase,
        plan,
        stderr,
      });
    });
  });
}

/**
 * Closes the pipes that a child writes to. Returns whether it was alive to notice.
 *
 * @param {ChildProcess} child
 */
function closePipes(child) {
  child.stdout?.destroy();
  child.stderr?.destroy();
  return child.exitCode === null && child.signalCode === null;
}

/**
 * Calls back when a run begins to write its first checkpoint.
 *
 * @param {string} run
 * @param {() => void} begun
 */
function onSave(run, begun) {
  let isBegun = false;
  return watch(run, (_, file) => {
    if (isBegun || !file?.startsWith('.tmp-step-')) return;
    isBegun = true;
    begun();
  });
}
