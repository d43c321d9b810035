/** @file Wrong arguments of the library, as a program in JavaScript may give them, without types. */
import { describe, expect, it } from 'vitest';
import {
  ENCODE_OPTIONS,
  EVALUATE_OPTIONS,
  EXPORT_OPTIONS,
  GENERATE_OPTIONS,
  GRID_OPTIONS,
  PREPARE_OPTIONS,
  RESUME_OPTIONS,
} from '../../src/app/option-kinds.js';
import {
  encode,
  evaluate,
  exportStudent,
  generate,
  generateGrid,
  InputError,
  prepare,
  train,
} from '../../src/index.js';
import { SETTING_NAMES } from '../../src/training/settings.js';

type Untyped = (options: unknown, listener?: unknown) => Promise<unknown>;

/** Every function, the names of its options, and values of those that it requires. */
const FUNCTIONS: readonly (readonly [name: string, call: Untyped, options: readonly string[], required: object])[] = [
  ['prepare', prepare as Untyped, Object.keys(PREPARE_OPTIONS), { data: ['none.csv'], out: 'x' }],
  ['train', train as Untyped, [...SETTING_NAMES, ...Object.keys(RESUME_OPTIONS)], {}],
  ['evaluate', evaluate as Untyped, Object.keys(EVALUATE_OPTIONS), { compare: ['none'] }],
  ['encode', encode as Untyped, Object.keys(ENCODE_OPTIONS), { model: 'none', texts: ['a'] }],
  ['exportStudent', exportStudent as Untyped, Object.keys(EXPORT_OPTIONS), { model: 'none', to: 'x' }],
  ['generate', drawing(generate as Drawing), Object.keys(GENERATE_OPTIONS), {}],
  ['generateGrid', drawing(generateGrid as Drawing), Object.keys(GRID_OPTIONS), {}],
];

type Drawing = (prompts: unknown, options: unknown, listener: unknown) => Promise<unknown>;

function drawing(call: Drawing): Untyped {
  return (options, listener) => call(['a car'], options, listener);
}

/** Values that no option takes. */
const NEVER: readonly unknown[] = [null, NaN, Infinity, -1, 0.5e-7 - 1, {}, [[]], 1n, Symbol('s'), () => 1, new Date()];

/** Values that options of some kinds do not take. */
const OTHERS: readonly (readonly [option: string, value: unknown])[] = [
  ['samples', '3'],
  ['samples', 0],
  ['batchSize', '8'],
  ['batchSize', 2 ** 53],
  ['seed', 1.5],
  ['seed', 2 ** 31],
  ['validFraction', 1],
  ['width', 63],
  ['steps', 0],
  ['guidance', '7.5'],
  ['texts', 'a'],
  ['texts', [1]],
  ['model', ''],
  ['compare', []],
  ['device', 'tpu'],
  ['precision', 'fp16'],
  ['format', 'x'],
  ['shuffle', 'false'],
  ['signal', new AbortController()],
  ['resume', false],
  ['learningRate', '1e-3'],
];

async function failureOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message;
}

describe.each(FUNCTIONS)('%s refuses', (_, call, options, required) => {
  it('wrong values, naming the option', async () => {
    const values = NEVER.flatMap((value) => options.map((option) => [option, value] as const));
    for (const [option, value] of [...values, ...OTHERS.filter(([name]) => options.includes(name))]) {
      const message = await failureOf(call({ ...required, [option]: value }));
      expect(message).toMatch(/^(options|settings): expected .+, got .+; give another value$/);
      expect(message).toContain(`(${option}`);
      expect(message).not.toContain('\n');
    }
  });

  it('names that are no options', async () => {
    for (const name of ['sample', '__proto__x', 'constructor'])
      expect(await failureOf(call({ ...required, [name]: 3 }))).toMatch(new RegExp(`got "${name}"; leave it out$`));
  });

  it('options and listeners of the wrong kind, and callbacks that are no functions', async () => {
    for (const [value, got] of [
      [null, 'null'],
      ['x', '"x"'],
      [[], 'an empty list'],
    ] as const) {
      expect(await failureOf(call(value))).toBe(`options: expected an object, got ${got}; give one, or leave it out`);
      const listener = failureOf(call(required, value));
      expect(await listener).toBe(`listener: expected an object, got ${got}; give one, or leave it out`);
    }
    expect(await failureOf(call(required, { onProgress: 3 }))).toBe(
      'listener: expected a function, got 3 (onProgress); give another value',
    );
  });

  it('to go without what has no default', async () => {
    for (const option of Object.keys(required))
      expect(await failureOf(call({ ...required, [option]: undefined }))).toMatch(
        new RegExp(`^options: expected .+, got nothing \\(${option}\\); give one$`),
      );
  });
});

it('prompts must be a list of texts', async () => {
  for (const prompts of ['a car', undefined, [3]])
    for (const call of [generate, generateGrid] as unknown as Drawing[])
      expect(await failureOf(call(prompts, {}, {}))).toMatch(
        /^arguments: expected a list, each text, got .+ \(prompts\)/,
      );
});
