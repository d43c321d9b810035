import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { momentShapes } from '../../src/distill/adamw.js';
import { readMoments } from '../../src/runs/optimizer-state.js';
import { writeSafetensors } from '../../src/weights/safetensors-writer.js';
import { temporaryFolder } from '../cli.js';
import { openFiles } from '../open-files.js';

it("an optimiser's state has its file open only while it is read", async () => {
  const trained = { weight: [2, 3] };
  const path = join(temporaryFolder(), 'optimizer.safetensors');
  const values = Float32Array.from({ length: 6 }, (_, i) => i);
  await writeSafetensors(
    path,
    Object.entries(momentShapes(trained)).map(([name, shape]) => ({ name, dtype: 'F32' as const, shape, values })),
  );
  const isOpen = (): boolean => openFiles().includes(realpathSync(path));
  const moments = await readMoments(path, trained);
  expect(isOpen()).toBe(false);
  const seen: (readonly [string, Float32Array, boolean])[] = [];
  for await (const [name, held] of moments) seen.push([name, held, isOpen()]);
  expect(seen).toEqual([
    ['exp_avg/weight', values, true],
    ['exp_avg_sq/weight', values, true],
  ]);
  expect(isOpen()).toBe(false);
});
