import { expect, it } from 'vitest';
import { START } from '../../src/distill/train-state.js';
import { InputError } from '../../src/errors.js';
import { parseManifest } from '../../src/runs/find-checkpoint.js';
import { parseTrainer, trainerText } from '../../src/runs/trainer-state.js';
import { MUTATIONS, mutate } from '../mutations.js';
import { randomIntegers } from '../weights/support.js';

const VALIDATION = { step: 3, epoch: 1, loss: 0.75, lossEn: 0.5, lossKo: 0.25 };
const TRAINER = trainerText({
  state: { ...START, step: 6, position: 2, epoch: 2, validated: true, epochLoss: { sum: 1.5, pairs: 8 }, first: { ...VALIDATION, step: 0 }, best: VALIDATION },
  updates: 6, seed: 42, fingerprints: { data: 'aa', teacher: 'bb' }, options: { epochs: 3 },
});
const MANIFEST = JSON.stringify({ files: { 'model.safetensors': { bytes: 12, sha256: 'ab'.repeat(32) }, 'config.json': { bytes: 3, sha256: 'cd'.repeat(32) } } });

it.each<[string, string, (text: string) => unknown]>([
  ['trainer.json', TRAINER, (text) => parseTrainer(text, 'trainer.json')],
  ['manifest.json', MANIFEST, parseManifest],
])(`a ${MUTATIONS} times damaged %s is read or refused in one line`, (_, original, parse) => {
  expect(parse(original)).toBeTruthy();
  const random = randomIntegers(7);
  let refused = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    try {
      parse(mutate(Buffer.from(original), random).toString('utf8'));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      expect(error.message).toMatch(/^[^\n\r]{10,1000}$/);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(MUTATIONS / 4);
  expect(refused).toBeLessThan(MUTATIONS);
}, 600_000);

it.each([
  ['', 'trainer.json: expected JSON, got Unexpected end of JSON input'],
  ['[]', 'trainer.json: expected an object, got []'],
  ['{}', 'trainer.json: expected "kd trainer state" of version 1, got nothing of version nothing'],
  [TRAINER.replace('"step": 6', '"step": -6'), 'trainer.json: step: expected a whole number of at least 1, got -6'],
  [TRAINER.replace('"updates": 6', '"updates": 7'), 'trainer.json: expected steps, updates and position that fit each other, got 6, 7 and 2'],
  [TRAINER.replace('"sum": 1.5', '"sum": "1.5"'), 'trainer.json: epoch_loss: sum: expected a number, got "1.5"'],
])('says what is wrong with %j', (text, message) => {
  expect(() => parseTrainer(text, 'trainer.json')).toThrow(new InputError(message));
});

it('gives back what was written, numbers that are not finite too', () => {
  const state = { ...START, step: 1, position: 1, epochLoss: { sum: 0.1 + 0.2, pairs: 3 }, best: { ...VALIDATION, loss: NaN } };
  expect(parseTrainer(trainerText({ state, updates: 1, seed: 1, fingerprints: {}, options: {} }), '').state).toEqual({ ...state, first: undefined });
});
