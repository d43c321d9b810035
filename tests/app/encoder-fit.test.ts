import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openOutput } from '../../src/app/output.js';
import { findPipeline } from '../../src/app/pictures/image-model.js';
import { GENERATE_DEFAULTS } from '../../src/app/pictures/options.js';
import { PIPELINE_PART } from '../../src/diffusion/pipeline-files.js';
import { temporaryFolder } from '../cli.js';
import { SD_TINY } from '../fixtures/index.js';
import { askHub, startFakeHub, type FakeHub } from '../weights/fake-hub.js';

const WEIGHTS = 'unet/weights.pb';

let hub: FakeHub;
beforeEach(async () => {
  hub = await startFakeHub();
  askHub(hub, temporaryFolder());
  const files = PIPELINE_PART.files.map((path) => [path, readFileSync(join(SD_TINY, path))] as const);
  hub.models.set('them/pipeline', new Map([...files, [WEIGHTS, Buffer.alloc(60_000)]]));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

const find = (width: number): ReturnType<typeof findPipeline> =>
  findPipeline(
    { ...GENERATE_DEFAULTS, pipeline: 'them/pipeline', device: 'cpu' },
    [{ where: '--encoder small', width }],
    openOutput({ quiet: true }),
  );

const fetched = (): string[] => [...new Set(hub.ranges.map(({ path }) => path))].sort();

it('an encoder of another width is rejected before the weights of the pipeline are fetched', async () => {
  await expect(find(64)).rejects.toThrow(
    '--encoder small: expected hidden states 48 wide, as the UNet of them/pipeline takes, got 64; give another ' +
      'encoder or --pipeline: a student fits where its teacher is the text encoder',
  );
  expect(fetched()).toEqual(['model_index.json', 'scheduler/scheduler_config.json', 'unet/model.onnx']);
});

it('for a suitable encoder the rest is fetched, each file once, even after an unsuitable one', async () => {
  await expect(find(64)).rejects.toThrow('48 wide');
  await find(48);
  expect(fetched()).toEqual([...PIPELINE_PART.files, WEIGHTS].sort());
  expect(hub.ranges).toHaveLength(PIPELINE_PART.files.length + 1);
});
