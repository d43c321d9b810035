/** @file What `kd setup` does. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { OutputOptions } from '../../app/output.js';
import { EXIT } from '../failure.js';

const PROGRAM = fileURLToPath(new URL('../../../scripts/setup.mjs', import.meta.url));

/** The flags of `kd setup`. */
export interface SetupFlags {
  readonly device?: string;
  readonly cuda?: string;
  readonly from?: string;
}

/** Runs the setup script, which parses its own flags and needs no packages. */
export function setUp(flags: SetupFlags, { quiet = false }: OutputOptions): void {
  const given = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { status } = spawnSync(process.execPath, [PROGRAM, ...given, ...(quiet ? ['--quiet'] : [])], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? EXIT.bug;
}
