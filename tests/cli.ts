/** @file Runs the built `kd` as a user does, in a process of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdToSchema } from './json-events.js';

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
  /** A command that starts it, such as `IN_NEW_NAMESPACE`. */
  readonly within?: readonly string[];
}

/** Starts a command in a PID namespace of its own, as a container does. There it has the number 1. */
export const IN_NEW_NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Whether this user may make PID namespaces. */
export const hasNamespaces = (): boolean =>
  spawnSync(IN_NEW_NAMESPACE[0], [...IN_NEW_NAMESPACE.slice(1), 'true']).status === 0;

/** Runs `kd` with arguments and waits for its end. */
export function kd(args: readonly string[], { cwd = temporaryFolder(), input, env = {} }: CliOptions = {}): CliResult {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [KD, ...args], {
    cwd,
    input: input ?? '',
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
  });
  holdToSchema(args, stdout);
  return { code: status ?? signal, stdout, stderr };
}

/** Runs `kd` like `kd()`, while this process continues and may answer what it asks for. */
export async function kdMeanwhile(
  args: readonly string[],
  { cwd = temporaryFolder(), env = {}, within = [] }: CliOptions = {},
): Promise<CliResult> {
  const [command, ...rest] = [...within, process.execPath, KD, ...args];
  const child = spawn(command, rest, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  const [code] = (await once(child, 'close')) as [number | null];
  holdToSchema(args, said.stdout);
  return { code, ...said };
}

/** A new, empty folder. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kd-test-'));
}
