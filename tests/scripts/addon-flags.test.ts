/** @file What the compiled addons must be like, whichever compiler was used. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ADDONS, installedAddon } from '../../scripts/setup/addon.mjs';

// g++ also marks a library that has inline variables in its own way, which clang++ does not.
it('the addon whose threads outlive a worker thread is never unloaded', ({ skip }) => {
  const addon = ADDONS.find(({ name }) => name === 'tf-session')!;
  const file = installedAddon(join(import.meta.dirname, '../..'), addon);
  const { status, stdout } = spawnSync('readelf', ['-d', file], { encoding: 'utf8' });
  skip(!existsSync(file) || status !== 0, 'no TensorFlow here, or no readelf');
  expect(stdout).toContain('NODELETE');
});
