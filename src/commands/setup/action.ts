/** @file What `kd setup` does. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { OutputOptions } from '../../app/output.js';
import { InputError } from '../../base/errors.js';
import { EXIT } from '../failure.js';

const PROGRAM = fileURLToPath(new URL('../../../scripts/setup.mjs', import.meta.url));

/** The flags of `kd setup`. */
export interface SetupFlags {
  readonly device?: string;
  readonly cuda?: string;
  readonly from?: string;
}

/** Where the setup script writes why it failed, instead of standard error. */
const ERROR_DESCRIPTOR = 3;

/**
 * Runs the setup script, which needs no packages.
 *
 * @throws InputError if it could not set up
 */
export function setUp(flags: SetupFlags, { quiet = false }: OutputOptions): void {
  const given = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { status, output } = spawnSync(process.execPath, [PROGRAM, ...given, ...(quiet ? ['--quiet'] : [])], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, KD_SETUP_ERROR_DESCRIPTOR: String(ERROR_DESCRIPTOR) },
    encoding: 'utf8',
  });
  const reason = output[ERROR_DESCRIPTOR] ?? '';
  if (reason !== '') throw new InputError(reason);
  process.exitCode = status ?? EXIT.bug;
}
