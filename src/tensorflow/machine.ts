/**
 * @file Probes of the machine before TensorFlow is loaded, behind an interface so that tests can fake a machine.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { askingArguments, CUDA_DEVICE_ORDER, type DriverReport } from './driver-addon.js';
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
  /**
   * What NVIDIA's driver says, asked through CUDA by a process of its own: CUDA reads its variables once per process,
   * and a driver may hang or crash, which leaves the answer undefined.
   *
   * @param visible the GPUs to ask about and to have a context on, as in `CUDA_VISIBLE_DEVICES`; absent: a list of all
   */
  askDriver(visible?: string): Promise<DriverReport | undefined>;
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

/** What the driver has answered in this process, by the GPUs asked about. */
const answers = new Map<string | undefined, Promise<DriverReport | undefined>>();

/** The machine that this runs on. */
export const thisMachine: Machine = {
  get env() {
    return usersEnvironment();
  },
  run,
  askDriver(visible) {
    let answer = answers.get(visible);
    if (answer === undefined) answers.set(visible, (answer = askDriver(visible)));
    return answer;
  },
  exists: existsSync,
  list: (folder) => (existsSync(folder) ? readdirSync(folder) : []),
  setup: readSetupStatus,
};

/** As `Machine.run`, with an environment other than this process's. */
function run(
  program: string,
  args: readonly string[],
  timeout = TIMEOUT_MS,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ProgramResult | undefined> {
  return new Promise((resolve) => {
    const child = execFile(program, [...args], { maxBuffer: MAX_OUTPUT, env }, (error, stdout, stderr) => {
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
  });
}

async function askDriver(visible: string | undefined): Promise<DriverReport | undefined> {
  const env = { CUDA_DEVICE_ORDER, ...usersEnvironment(), CUDA_VISIBLE_DEVICES: visible }; // undefined: not set
  const answer = await run(process.execPath, askingArguments(visible !== undefined), TIMEOUT_MS, env);
  return answer?.status === 0 ? (JSON.parse(answer.stdout) as DriverReport) : undefined;
}
