/**
 * @file Probes of the machine before TensorFlow is loaded, behind an interface so that tests can fake a machine.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
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
  /** Runs a program to its end; undefined if there is no such program. */
  run(program: string, args: readonly string[]): Promise<ProgramResult | undefined>;
  exists(path: string): boolean;
  /** The names in a folder; none if there is no such folder. */
  list(folder: string): readonly string[];
  /** What set-up installed. */
  setup(): SetupStatus | undefined;
}

/** Keeps a driver that hangs from blocking everything. */
const TIMEOUT_MS = 20_000;

/** The machine that this runs on. */
export const thisMachine: Machine = {
  env: process.env,
  run: (program, args) =>
    new Promise((resolve) => {
      execFile(program, [...args], { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
        if (error?.code === 'ENOENT') resolve(undefined);
        else resolve({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      });
    }),
  exists: existsSync,
  list: (folder) => (existsSync(folder) ? readdirSync(folder) : []),
  setup: readSetupStatus,
};
