import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { momentShapes } from '../../src/distill/adamw.js';
import { INITIAL_STATE } from '../../src/distill/train-state.js';
import { InputError } from '../../src/base/errors.js';
import { parseManifest } from '../../src/weights/manifest.js';
import { followLossLog, followValidationLog } from '../../src/runs/log-reader.js';
import { cutLogs, openLossLog } from '../../src/runs/loss-log.js';
import { readMoments } from '../../src/runs/optimizer-state.js';
import { parseRunConfig } from '../../src/runs/run-config.js';
import { lockRun } from '../../src/runs/run-lock.js';
import { parseTrainer, trainerText } from '../../src/runs/trainer-state.js';
import { writeSafetensors } from '../../src/weights/safetensors-writer.js';
import { temporaryFolder } from '../cli.js';
import { MUTATIONS, mutate, refusals } from '../mutations.js';
import { randomIntegers } from '../weights/support.js';
import { claimOf } from './new-run.js';

const VALIDATION = { step: 3, epoch: 1, loss: 0.75, lossEn: 0.5, lossKo: 0.25 };
const TRAINER = trainerText({
  state: {
    ...INITIAL_STATE,
    step: 6,
    position: 2,
    epoch: 2,
    validated: true,
    epochLoss: { sum: 1.5, pairs: 8 },
    first: { ...VALIDATION, step: 0 },
    best: VALIDATION,
  },
  updates: 6,
  seed: 42,
  fingerprints: { data: 'aa', teacher: 'bb' },
  options: { epochs: 3 },
});
const MANIFEST = JSON.stringify({
  files: {
    'model.safetensors': { bytes: 12, sha256: 'ab'.repeat(32) },
    'config.json': { bytes: 3, sha256: 'cd'.repeat(32) },
  },
});

const CONFIG = JSON.stringify({
  order: 3,
  created: '2026-01-02T03:04:05.000Z',
  settings: { epochs: 3, data: ['data'] },
  fingerprints: { data: 'aa', teacher: 'bb' },
  teacher: { source: 't', parameters: 1 },
  student: { source: 's', parameters: 2 },
  data: { fingerprint: 'aa', training_pairs: 8, validation_pairs: 2, store: 'store' },
  engine: { engine: 'eager', precision: 'fp32', device: 'cpu', backend: 'cpu' },
  resumed: [{ step: 3, time: '2026-01-02T03:04:05.000Z' }],
});

it.each<[string, string, (text: string) => unknown]>([
  ['trainer.json', TRAINER, (text) => parseTrainer(text, 'trainer.json')],
  ['manifest.json', MANIFEST, parseManifest],
  ['config.json', CONFIG, (text) => parseRunConfig(text, 'config.json')],
])(
  `a ${MUTATIONS} times damaged %s is read or refused in one line`,
  async (_, original, parse) => {
    expect(parse(original)).toBeTruthy();
    const refused = await refusals(MUTATIONS, randomIntegers(7), (random) => {
      parse(mutate(Buffer.from(original), random).toString('utf8'));
    });
    expect(refused).toBeGreaterThan(MUTATIONS / 4);
    expect(refused).toBeLessThan(MUTATIONS);
  },
  3_600_000,
);

it(`a ${MUTATIONS} times damaged optimizer.safetensors is read or refused in one line`, async () => {
  const trained = { 'encoder.weight': [2, 3], 'encoder.bias': [2] };
  const path = join(temporaryFolder(), 'optimizer.safetensors');
  await writeSafetensors(
    path,
    Object.entries(momentShapes(trained)).map(([name, shape]) => ({
      name,
      dtype: 'F32' as const,
      shape,
      values: new Float32Array(shape[0] * (shape[1] ?? 1)),
    })),
  );
  const original = readFileSync(path);
  const refused = await refusals(MUTATIONS, randomIntegers(8), async (random) => {
    writeFileSync(path, mutate(original, random));
    utimesSync(path, Date.now() / 1000 - 60, Date.now() / 1000 - 60);
    let count = 0;
    for await (const [, values] of await readMoments(path, trained)) count += values.length;
    expect(count).toBe(16);
  });
  expect(refused).toBeGreaterThan(MUTATIONS / 2);
  expect(refused).toBeLessThan(MUTATIONS);
}, 3_600_000);

/** Every one writes files and waits for the disk: fewer, unless the environment asks for more. */
const LOG_MUTATIONS = process.env.KD_FUZZ === undefined ? 100 : MUTATIONS;

it(`logs that are damaged ${LOG_MUTATIONS} times are cut back, read, and appended to`, async () => {
  const run = temporaryFolder();
  const log = openLossLog(run);
  for (const step of [1, 2, 3, 4]) {
    log.logStep({
      step,
      epoch: 1,
      learningRate: 5e-5,
      loss: 0.75,
      lossEn: 0.5,
      lossKo: 0.25,
      gradNorm: 6.5,
      pairs: 32,
      pairsPerSecond: 101.5,
    });
    log.logOutputs({
      step,
      epoch: 1,
      student: { variance: 1, similarity: 0.5 },
      teacher: { variance: 1, similarity: 0.5 },
    });
    log.logValidation({ step, epoch: 1, loss: 0.75, lossEn: 0.5, lossKo: 0.25 });
  }
  log.close();
  const originals = readdirSync(run).map((name) => [name, readFileSync(join(run, name))] as const);
  const random = randomIntegers(9);
  for (let i = 0; i < LOG_MUTATIONS; i++) {
    const [damaged] = originals[i % originals.length];
    for (const [name, bytes] of originals)
      writeFileSync(join(run, name), name === damaged ? mutate(bytes, random) : bytes);
    await cutLogs(run, { step: 3, validated: true });
    for (const log of [followLossLog(run), followValidationLog(run)]) {
      const { rows } = await log.next();
      const steps = rows.map(({ step }) => step);
      if (steps.some((step, at) => !(step <= 3) || step <= (steps[at - 1] ?? -Infinity)))
        expect.fail(`${damaged}: steps ${steps.join()}`);
    }
    const [name] = originals[i % originals.length];
    const text = readFileSync(join(run, name));
    if (!name.startsWith('events') && text.length > 0 && text.at(-1) !== 10) expect.fail(`${name} ends in a torn line`);
  }
}, 3_600_000);

it(`a ${MUTATIONS} times damaged lock is respected, or taken over`, async () => {
  const run = temporaryFolder();
  const held = await lockRun(run);
  const path = claimOf(run);
  const original = readFileSync(path);
  held.release();
  const random = randomIntegers(10);
  for (let i = 0; i < MUTATIONS; i++) {
    writeFileSync(path, mutate(original, random));
    utimesSync(path, Date.now() / 1000 - 60, Date.now() / 1000 - 60);
    try {
      (await lockRun(run)).release();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      expect(error.message).toMatch(/^[^\n\r]{10,1000}$/);
    }
  }
}, 3_600_000);

it.each([
  ['', 'trainer.json: expected JSON, got Unexpected end of JSON input'],
  ['[]', 'trainer.json: expected "kd trainer state" of version 1, got nothing of version nothing'],
  ['{}', 'trainer.json: expected "kd trainer state" of version 1, got nothing of version nothing'],
  [TRAINER.replace('"step": 6', '"step": -6'), 'trainer.json: expected a whole number of at least 1, got -6 (step)'],
  [
    TRAINER.replace('"updates": 6', '"updates": 7'),
    'trainer.json: expected steps, updates and position that fit each other, got 6, 7 and 2',
  ],
  [TRAINER.replace('"sum": 1.5', '"sum": "1.5"'), 'trainer.json: expected a number, got "1.5" (epoch_loss.sum)'],
])('says what is wrong with %j', (text, message) => {
  expect(() => parseTrainer(text, 'trainer.json')).toThrow(new InputError(message));
});

it('returns what was written, including numbers that are not finite', () => {
  const state = {
    ...INITIAL_STATE,
    step: 1,
    position: 1,
    epochLoss: { sum: 0.1 + 0.2, pairs: 3 },
    best: { ...VALIDATION, loss: NaN },
  };
  expect(parseTrainer(trainerText({ state, updates: 1, seed: 1, fingerprints: {}, options: {} }), '').state).toEqual({
    ...state,
    first: undefined,
  });
});
