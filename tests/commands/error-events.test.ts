/**
 * @file Errors with `--json`: the last line of standard output says for programs what standard error says for people.
 */
import { expect, it } from 'vitest';
import { VERSION } from '../../src/base/version.js';
import { kd, type CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { folderWithPairs, trainArguments } from './tiny.js';

/** What standard error says after `error: `. */
const saidIn = ({ stderr }: CliResult): string | undefined => /^error: (.*)$/m.exec(stderr)?.[1];

it.each([
  ['bad input', ['prepare', '--data', 'none.csv', '--out', 'store'], 'INPUT'],
  ['a flag that there is not', ['train', '--epoch', '3'], 'USAGE'],
  ['no command', [], 'USAGE'],
  ['a file that the system does not give', ['eval', '--compare', 'clip', '--sts', 'none.json'], 'SYSTEM'],
  [
    'a run that diverges',
    trainArguments(['--engine', 'eager', '--learning-rate', '1e38', '--epochs', '9', '--warmup-ratio', '0']),
    'NOT_FINITE_STEP',
  ],
])('%s', (_, args, code) => {
  for (const quiet of [[], ['--quiet']]) {
    const result = kd([...args, '--json', ...quiet], { cwd: folderWithPairs(4) });
    const message = saidIn(result);
    expect(message).toBeDefined();
    expect(result.code).toBe(1);
    expect(JSON.parse(result.stdout.trimEnd().split('\n').at(-1)!)).toEqual({ event: 'error', code, message });
  }
});

it('a set-up that fails', async () => {
  const { code, stdout, stderr } = await kdHere(['setup', '--from', '/none', '--json']);
  const message = '--from /none: no such folder; name one that `npm run setup -- --bundle` made';
  expect(code).toBe(1);
  expect(stderr).toBe(`error: ${message}\n`);
  expect(JSON.parse(stdout)).toEqual({ event: 'error', code: 'INPUT', message });
});

it('are not printed without --json', () => {
  expect(kd(['prepare', '--data', 'none.csv', '--out', 'store'])).toMatchObject({ code: 1, stdout: '' });
});

it.each([
  [['--json', '--help'], null],
  [['--json', 'train', '--help'], 'train'],
  [['runs', '-h', '--json'], 'runs'],
  [['help', 'export', '--json'], 'export'],
])('help is an event, too: %j', async (args, command) => {
  const { code, stdout, stderr } = await kdHere(args);
  expect([code, stderr, stdout.split('\n').length]).toEqual([0, '', 2]);
  const help = JSON.parse(stdout) as Record<string, unknown>;
  expect(help).toMatchObject({ event: 'help', command });
  const plain = await kdHere(args.filter((arg) => arg !== '--json'));
  expect(`${String(help.text)}\n`).toBe(plain.stdout);
});

it.each([[['--json', '--version']], [['-V', '--json']]])('so is the version: %j', async (args) => {
  const { code, stdout } = await kdHere(args);
  expect([code, JSON.parse(stdout)]).toEqual([0, { event: 'version', version: VERSION }]);
});
