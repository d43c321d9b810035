import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPipeline, readScheduler, type Embedding } from '../../src/diffusion/pipeline.js';
import { SCHEDULER_CLASSES, SCHEDULERS } from '../../src/diffusion/scheduler-config.js';
import { encoderEngine, type EncoderEngine } from '../../src/engine/encoder.js';
import { loadBackend } from '../../src/engine/tensorflow.js';
import { openPretrained } from '../../src/models/pretrained.js';
import { loadTokenizer, type TextTokenizer } from '../../src/text/tokenizer.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { largestDifference, PARITY, SD_TINY } from '../fixtures/index.js';

interface Case {
  readonly name: string;
  readonly prompt: string;
  readonly scheduler: string;
  readonly steps: number;
  readonly guidance_scale: number;
}

const { cases } = JSON.parse(readFileSync(join(SD_TINY, 'expected.json'), 'utf8')) as { cases: Case[] };

let engine: EncoderEngine;
let tokenizer: TextTokenizer;
let expected: Awaited<ReturnType<typeof openSafetensors>>;
beforeAll(async () => {
  await loadBackend(BACKENDS_UNDER_TEST[0]);
  const model = await openPretrained(join(PARITY, 'student'), 0);
  engine = await encoderEngine(model.encoder, model.parameters());
  tokenizer = await loadTokenizer(join(PARITY, 'student'));
  expected = await openSafetensors(join(SD_TINY, 'expected.safetensors'));
});
afterAll(async () => {
  engine.dispose();
  await expected.close();
});

async function embed(text: string): Promise<Embedding> {
  return (await engine.encode(tokenizer.encode(text).ids, 1)).lastHiddenState;
}

describe('the pipeline', () => {
  it('has eight cases to be like', () => {
    expect(cases).toHaveLength(8);
  });

  it.each(cases)('draws $prompt with $scheduler in $steps steps as diffusers does', async ({ name, prompt, scheduler, steps, guidance_scale }) => {
    const kind = SCHEDULERS.find((candidate) => SCHEDULER_CLASSES[candidate] === scheduler)!;
    const pipeline = await openPipeline(SD_TINY, await readScheduler(SD_TINY, kind), 'cpu');
    for (const oneByOne of [false, true]) {
      const latents = await pipeline.denoise({
        noise: await expected.read('noise'),
        height: 64,
        width: 64,
        prompt: await embed(prompt),
        negative: await embed(''),
        guidance: guidance_scale,
        steps,
        oneByOne,
      });
      expect(largestDifference(latents, await expected.read(`${name}.latents`))).toBeLessThan(1e-4);
      const { data, isFinite } = await pipeline.decode(latents, 64, 64);
      expect(isFinite).toBe(true);
      expect(largestDifference(data, await expected.readInt32(`${name}.image`))).toBeLessThanOrEqual(1);
    }
    await pipeline.release();
  });
});
