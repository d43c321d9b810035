import { expect, it } from 'vitest';
import { checkSettings } from '../../src/training/check-settings.js';
import { DEFAULTS, type TrainSettings } from '../../src/training/settings.js';
import { InputError } from '../../src/base/errors.js';
import { MUTATIONS, mutate } from '../mutations.js';
import { randomIntegers } from '../weights/support.js';

const SETTINGS: TrainSettings = {
  ...DEFAULTS,
  accumulate: 1,
  randomWeights: false,
  shuffle: true,
  engine: 'auto',
  precision: 'auto',
  backend: 'auto',
  device: 'auto',
  onNan: 'stop',
  dropout: 0.1,
  maxSteps: 300,
};
const check = (changes: object): TrainSettings => checkSettings({ ...SETTINGS, ...changes }, 'config.json');

it('returns the settings that a run was started with', () => {
  expect(check({})).toEqual(SETTINGS);
  expect(check({ recipe: 'roberta-1m', saveEvery: 10, device: 'gpu:1', weightDecay: 0 })).toMatchObject({
    saveEvery: 10,
  });
});

it.each([
  [
    { keep: '2' },
    'config.json: expected a whole number of at least 1, got "2" (settings.keep); name a run that kd train ' +
      'made, or start another',
  ],
  [
    { keep: 0 },
    'config.json: expected a whole number of at least 1, got 0 (settings.keep); name a run that kd train made, ' +
      'or start another',
  ],
  [
    { epochs: undefined },
    'config.json: expected a whole number of at least 1, got nothing (settings.epochs); name a run that kd ' +
      'train made, or start another',
  ],
  [
    { warmupRatio: 2 },
    'config.json: expected a number from 0 to 1, got 2 (settings.warmupRatio); name a run that kd train made, ' +
      'or start another',
  ],
  [
    { learningRate: -1 },
    'config.json: expected a number above 0, got -1 (settings.learningRate); name a run that kd train made, or ' +
      'start another',
  ],
  [
    { loss: 'all' },
    'config.json: expected one of hidden, pooler, got "all" (settings.loss); name a run that kd train made, or ' +
      'start another',
  ],
  [
    { data: [] },
    'config.json: expected a list of texts that are not empty, got an empty list (settings.data); name a run that ' +
      'kd train made, or start another',
  ],
  [
    { shuffle: null },
    'config.json: expected true or false, got null (settings.shuffle); name a run that kd train made, or start another',
  ],
])('refuses %j', (changes, message) => {
  expect(() => check(changes)).toThrow(new InputError(message));
});

it.each([{ data: [''] }, { run: '' }, { preview: '' }, { teacher: '' }])('refuses the empty name in %j', (changes) => {
  expect(() => check(changes)).toThrow(
    /^config\.json: expected a (list of texts that are|text that is) not empty, got /,
  );
});

it('accepts an empty text for what a preview avoids', () => {
  expect(() => check({ previewNegative: '' })).not.toThrow();
});

it(`${MUTATIONS} times damaged settings are accepted or refused in one line`, () => {
  const original = Buffer.from(JSON.stringify(SETTINGS));
  const random = randomIntegers(12);
  let refused = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    let settings: unknown;
    try {
      settings = JSON.parse(mutate(original, random).toString('utf8'));
    } catch {
      continue; // is told as no JSON before
    }
    if (typeof settings !== 'object' || settings === null) continue;
    try {
      checkSettings(settings as Record<string, unknown>, 'config.json');
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      expect(error.message).toMatch(/^[^\n\r]{10,1000}$/);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(0);
}, 3_600_000);
