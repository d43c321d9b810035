/** @file Runs the built `kd` as a user does, in a process of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command. */
export const KD = fileURLToPath(new URL('../bin/kd.js', import.meta.url));

export interface CliResult {
  /** Exit status, or the name of the signal that ended it. */
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** Where it runs; runs are written to `checkpoints/` there. */
  readonly cwd?: string;
  /** Standard input. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `kd` with arguments and waits for its end. */
export function kd(args: readonly string[], { cwd = temporaryFolder(), input, env = {} }: CliOptions = {}): CliResult {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [KD, ...args], {
    cwd,
    input: input ?? '',
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
  });
  return { code: status ?? signal, stdout, stderr };
}

/** A new, empty folder. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kd-test-'));
}
