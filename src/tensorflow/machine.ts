/**
 * @file Probes of the machine before TensorFlow is loaded, behind an interface so that tests can fake a machine.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { usersEnvironment } from './own-variables.js';
import { readSetupStatus, type SetupStatus } from './setup-status.js';

/** How a program ended. */
export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Probes of a machine. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Runs a program to its end; undefined if there is no such program. One that takes longer than `timeout` milliseconds
   * (default: a minute) is killed, and its standard error then says so.
   */
  run(program: string, args: readonly string[], timeout?: number): Promise<ProgramResult | undefined>;
  exists(path: string): boolean;
  /** The names in a folder; none if there is no such folder. */
  list(folder: string): readonly string[];
  /** What set-up installed. */
  setup(): SetupStatus | undefined;
}

/**
 * Keeps a driver that hangs from blocking everything. A healthy one may take seconds per GPU to answer, if nothing
 * keeps it loaded between programs (NVIDIA's "persistence mode").
 */
const TIMEOUT_MS = 60_000;

/** The most bytes that a program may write; TensorFlow's log can be long. */
const MAX_OUTPUT = 2 ** 26;

/** The exit status of a program that was killed because it took too long, as with coreutils' `timeout`. */
const TIMED_OUT = 124;

/** How the standard error of a program that took too long begins. */
export const NO_ANSWER = 'no answer within';

/** The machine that this runs on. */
export const thisMachine: Machine = {
  get env() {
    return usersEnvironment();
  },
  run: (program, args, timeout = TIMEOUT_MS) =>
    new Promise((resolve) => {
      const child = execFile(program, [...args], { maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) => {
        clearTimeout(timer);
        if (error?.code === 'ENOENT') resolve(undefined);
        else resolve({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      });
      // A program that waits for a driver in the kernel survives even this signal: it is left behind.
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        for (const stream of [child.stdout, child.stderr]) stream?.destroy();
        child.unref();
        resolve({ status: TIMED_OUT, stdout: '', stderr: `${NO_ANSWER} ${timeout / 1000} s` });
      }, timeout);
    }),
  exists: existsSync,
  list: (folder) => (existsSync(folder) ? readdirSync(folder) : []),
  setup: readSetupStatus,
};
