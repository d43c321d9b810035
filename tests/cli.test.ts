import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KD, kd, temporaryFolder } from './cli.js';
import { PARITY } from './fixtures/index.js';
import { makeRun } from './report/run-of.js';

const COMMANDS = ['prepare', 'train', 'eval', 'encode', 'doctor'];

describe('help', () => {
  it('lists the commands, even for kd alone', () => {
    const help = kd(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const command of COMMANDS) expect(help.stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(help.stdout).toContain('Example:\n  $ kd train');
    expect(kd([])).toEqual(help);
  });

  it.each(COMMANDS)('of %s has an example, the global flags, and lines that fit a terminal', (command) => {
    const { code, stdout, stderr } = kd([command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`Examples?:\n  (\\$ .*\\| )?\\$ kd ${command} `));
    expect(stdout).toMatch(/^ {2}--quiet .*^ {2}--json /ms);
    expect(stdout).not.toContain('(default: false)');
    const [flags] = stdout.split(/^Examples?:/m);
    for (const line of flags.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

it('-V, -h and --help work on every command', () => {
  for (const command of [[], ['train'], ['runs']]) {
    expect(kd([...command, '-V']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const [short, long] = ['-h', '--help'].map((flag) => kd([...command, flag]));
    expect(short).toEqual(long);
    expect(short.stdout).toMatch(/^Usage: kd /);
  }
});

it('errors are red behind a cross if colours are wanted', () => {
  const said = (env: Record<string, string>): string => kd(['nonsense'], { env }).stderr;
  const text = "unknown command 'nonsense'; `kd --help` lists what exists\n";
  expect(said({ FORCE_COLOR: '1' })).toBe(`\u001b[31m✗ error:\u001b[39m ${text}`);
  for (const env of [{ FORCE_COLOR: '0' }, { NO_COLOR: '1' }]) expect(said(env)).toBe(`error: ${text}`);
});

it('--version prints the version of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(kd(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

it.each([
  [['trian'], "error: unknown command 'trian' (Did you mean train?)\n"],
  [['nonsense'], "error: unknown command 'nonsense'; `kd --help` lists what exists\n"],
  [['--quiet'], 'error: expected a command; `kd --help` lists them\n'],
  [['help', 'nonsense'], 'error: expected a command, got "nonsense"; `kd --help` lists them\n'],
  [['nonsense', '--x'], "error: unknown command 'nonsense'; `kd --help` lists what exists\n"],
  [['--x', 'train'], "error: unknown option '--x'; `kd --help` lists what exists\n"],
])('%j is answered in one line', (args, stderr) => {
  expect(kd(args)).toEqual({ code: 1, stdout: '', stderr });
});

describe('commands suggested to the user', () => {
  it.each([
    [undefined, 'kd'],
    ['exec', 'npx kd'], // by npx
    ['start', 'npx kd'],
  ])('are called as this one was: with npm_command %s by %s', (npm, name) => {
    const env: Record<string, string> = npm === undefined ? {} : { npm_command: npm };
    expect(kd(['nonsense'], { env }).stderr).toBe(
      `error: unknown command 'nonsense'; \`${name} --help\` lists what exists\n`,
    );
    expect(kd(['report'], { env }).stderr).toContain(`train one with ${name} train, `);
    const { stdout } = kd(['runs', '--help'], { env });
    expect(stdout).toContain(`Usage: ${name} runs `);
    expect(stdout).toContain(`  $ ${name} runs --json `);
  });

  it.each([
    ['', 'kd'],
    ['exec', 'npx kd'],
  ])('are called the same in a report: with npm_command "%s" by %s', (npm, name) => {
    const run = makeRun();
    const { code, stderr } = kd(['report', run, '--no-encode'], { env: { npm_command: npm } });
    expect(code, stderr).toBe(0);
    const page = readFileSync(join(run, 'report.html'), 'utf8');
    expect(page).toContain(`"repeat":"${name} train --config `);
    expect(page).toContain(`"evaluate":"${name} eval --compare `);
  });
});

it('global flags may precede the command', () => {
  const { code, stdout, stderr } = kd(['--quiet', '--json', 'train', '--data', 'none.csv']);
  expect(code).toBe(1);
  const { event, message } = JSON.parse(stdout) as { event: string; message: string };
  expect(event).toBe('error');
  expect(stderr).toMatch(/^error: none\.csv: .*\n$/);
  expect(stderr).toBe(`error: ${message}\n`);
});

it('a bug is reported with its stack, and the exit code is 2', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'pairs.csv'), 'ko,en\n차,car\n집,house\n');
  writeFileSync(
    join(folder, 'broken.cjs'),
    "process.stdout.write = () => { throw new TypeError('this stream is broken'); };",
  );
  const env = { NODE_OPTIONS: `--require=${join(folder, 'broken.cjs')}` };
  const { code, stdout, stderr } = kd(
    [
      'train',
      '--data',
      'pairs.csv',
      '--teacher',
      join(PARITY, 'teacher'),
      '--student',
      join(PARITY, 'student'),
      '--backend',
      'cpu',
      '--json',
      '--quiet',
    ],
    { cwd: folder, env },
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^bug: TypeError: this stream is broken\n(.*\n)*? {4}at .*output\.js/);
});

it('a reader that stops early is not an error', () => {
  // `true` is gone before anything is written to it.
  const { stderr } = spawnSync(
    'sh',
    ['-c', '{ "$0" "$1" --help; echo "exit code $?" >&2; } | true', process.execPath, KD],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('exit code 0\n');
});
