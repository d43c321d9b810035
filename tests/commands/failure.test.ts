import { readFile } from 'node:fs/promises';
import { CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { failureOf } from '../../src/commands/failure.js';
import { InputError } from '../../src/base/errors.js';

it('bad input is reported in one line, with exit code 1', () => {
  expect(failureOf(new InputError('a.csv line 3: expected 2 fields,\n  got 1'))).toEqual({
    exitCode: 1,
    text: 'error: a.csv line 3: expected 2 fields,\\n  got 1\n',
    event: { event: 'error', code: 'INPUT', message: 'a.csv line 3: expected 2 fields,\\n  got 1' },
  });
});

it('so are system errors', async () => {
  const refusal: unknown = await readFile('/nowhere/at/all').catch((error: unknown) => error);
  expect(failureOf(refusal)).toEqual({
    exitCode: 1,
    text: "error: ENOENT: no such file or directory, open '/nowhere/at/all'\n",
    event: { event: 'error', code: 'SYSTEM', message: "ENOENT: no such file or directory, open '/nowhere/at/all'" },
  });
});

it.each([
  ['WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance'],
  ['Array buffer allocation failed'],
])('so is memory that the system refuses: %s', (message) => {
  const said =
    `${message}: expected more memory than the system gives; end other programs, or raise the limit of this one: ` +
    'ulimit -v unlimited';
  expect(failureOf(new RangeError(message))).toMatchObject({ exitCode: 1, text: `error: ${said}\n` });
});

it('a bug is reported with its stack, with exit code 2', () => {
  const { exitCode, text, event } = failureOf(new TypeError('x is not a function'));
  expect(exitCode).toBe(2);
  expect(text).toMatch(/^bug: TypeError: x is not a function\n {4}at .*failure\.test\.ts/);
  expect(event).toEqual({ event: 'error', code: 'BUG', message: 'x is not a function' });
  expect(failureOf('a thrown string')).toMatchObject({ exitCode: 2, text: 'bug: a thrown string\n' });
});

it('help and version are not failures', () => {
  expect(failureOf(new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'))).toEqual({
    exitCode: 0,
    text: '',
  });
});
