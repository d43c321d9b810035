import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { CUDAS, DEVICES } from '../../scripts/setup/choice.mjs';
import { count, nonNegative, positive, ratio, seed, share } from '../../src/commands/flags.js';
import { setupCommand } from '../../src/commands/setup/index.js';

const PARSERS = { count, positive, nonNegative, share, ratio, seed };
type Parser = keyof typeof PARSERS;

describe('flag values', () => {
  it.each<[Parser, string, number]>([
    ['count', '1', 1],
    ['count', '1_000_000', 1_000_000],
    ['count', '1e3', 1000],
    ['positive', '5e-5', 5e-5],
    ['positive', '.5', 0.5],
    ['positive', ' 1_0.5_0 ', 10.5],
    ['nonNegative', '0', 0],
    ['share', '0', 0],
    ['share', '0.2', 0.2],
    ['ratio', '1', 1],
    ['seed', '0', 0],
    ['seed', '2147483647', 2147483647],
  ])('%s reads %s', (parser, text, value) => {
    expect(PARSERS[parser](text)).toBe(value);
  });

  it.each<[Parser, string[], string]>([
    [
      'count',
      ['0', '-1', '1.5', 'many', '', ' ', 'Infinity', '1e20', '0x10', '0b1', '1__0', '_1', '1_', '１２'],
      'Expected a whole number of at least 1.',
    ],
    ['positive', ['0', '-1', 'NaN', 'Infinity', '.', '+', 'e5', '1_e5'], 'Expected a number above 0.'],
    ['nonNegative', ['-0.1', 'NaN', 'Infinity'], 'Expected a number of at least 0.'],
    ['share', ['-0.1', '1', 'half'], 'Expected a number from 0 up to, not including, 1.'],
    ['ratio', ['-0.1', '1.1'], 'Expected a number from 0 to 1.'],
    ['seed', ['-1', '0.5', '2147483648'], 'Expected a whole number from 0 to 2147483647.'],
  ])('%s rejects values out of range', (parser, texts, message) => {
    for (const text of texts) expect(() => PARSERS[parser](text), text).toThrow(new InvalidArgumentError(message));
  });
});

it('of kd setup are those of the script that it runs', () => {
  const choices = setupCommand().options.map(({ long, argChoices }) => [long, argChoices]);
  expect(Object.fromEntries(choices)).toMatchObject({ '--device': DEVICES, '--cuda': CUDAS });
});
