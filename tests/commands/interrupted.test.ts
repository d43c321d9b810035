/** @file A wish to stop that comes at an inconvenient moment: one last line, nothing half-made, and a way on. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { kdMeanwhile, temporaryFolder, type CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { startFakeHub, type FakeHub } from '../weights/fake-hub.js';
import { intercepted, type Interception } from './intercept.js';
import { folderWithPairs, readCsv, STUDENT, train, trainArguments } from './tiny.js';

const FLAGS = ['--engine', 'eager', '--batch-size', '4', '--max-steps', '4', '--save-every', '2', '--log-every', '1'];
const NOTHING = 'warning: stopped before the run began; nothing is lost';

const interrupt = (cwd: string, at: Omit<Interception, 'signal'>, flags: readonly string[] = []): CliResult =>
  train(cwd, [...FLAGS, ...flags], { env: intercepted({ ...at, signal: 'SIGINT' }) });

const lastLine = ({ stderr }: CliResult): string => stderr.trimEnd().split('\n').at(-1)!;

/** What unfinished work is called, anywhere in a folder. */
const halfMade = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(^|\/)(\.kd-|\.tmp-|\.replaced-|\.partial|lock-)|\.tmp$/.test(name),
  );

describe('Ctrl-C while a run starts leaves nothing of it, and the same command works afterwards', () => {
  it.each([
    ['its folder was made', { call: 'mkdir', path: 'checkpoints/tiny$' }],
    ['its lock was taken', { call: 'rename', path: '/lock-[0-9a-f]{16}$' }],
    ['its configuration is being written', { call: 'open', path: 'checkpoints/tiny/\\.kd-' }],
    ['its configuration was written', { call: 'rename', path: 'checkpoints/tiny/config\\.json$' }],
  ] as const)('when %s', async (_, at) => {
    const cwd = folderWithPairs(20);
    const stopped = interrupt(cwd, at);
    expect([stopped.code, lastLine(stopped)]).toEqual([130, NOTHING]);
    expect(existsSync(join(cwd, 'checkpoints/tiny'))).toBe(false);
    const { code, stderr } = await kdHere(trainArguments(FLAGS), { cwd });
    expect(code, stderr).toBe(0);
  });
});

it('Ctrl-C while the teacher cache is filled ends in one line, and the next run uses what was computed', async () => {
  const cwd = folderWithPairs(20);
  const flags = ['--cache-teacher', 'cache'];
  const stopped = interrupt(cwd, { call: 'open', path: 'cache/[0-9a-f]{16}/\\.kd-' }, flags);
  expect([stopped.code, lastLine(stopped)]).toEqual([130, NOTHING]);
  expect(halfMade(cwd)).toEqual([]);
  expect(existsSync(join(cwd, 'checkpoints/tiny'))).toBe(false);
  const { code, stderr } = await kdHere(trainArguments([...FLAGS, ...flags]), { cwd });
  expect(code, stderr).toBe(0);
});

it.each([
  ['while its weights are written', { call: 'open', path: '\\.tmp-step-00000002/\\.kd-' }],
  ['when it has its name', { call: 'rename', path: 'tiny/step-00000002$' }],
  ['while `last` is written', { call: 'rename', path: 'tiny/last$' }],
] as const)('Ctrl-C during a save, %s: it is complete, and the run resumes from it', async (_, at) => {
  const cwd = folderWithPairs(20);
  const run = join(cwd, 'checkpoints/tiny');
  const stopped = interrupt(cwd, at);
  expect(stopped.code, stopped.stderr).toBe(130);
  expect(stopped.stderr).toContain('warning: stopping after this step; a second Ctrl-C');
  expect(stopped.stdout).toMatch(/\nresume with: kd train --resume tiny\n$/);
  expect(halfMade(run)).toEqual([]);
  const last = readFileSync(join(run, 'last'), 'utf8').trim();
  expect(
    readdirSync(run)
      .filter((name) => name.startsWith('step-'))
      .at(-1),
  ).toBe(last);
  const resumed = await kdHere(['train', '--resume', 'tiny'], { cwd });
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.stderr).toContain(`resuming from ${last}`);
  expect(readCsv(join(run, 'loss.csv')).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
});

it.each(['translations\\.json', 'report\\.html'])(
  'Ctrl-C while %s is written: the run is done, and its report whole',
  (file) => {
    const cwd = folderWithPairs(20);
    const run = join(cwd, 'checkpoints/tiny');
    const stopped = interrupt(cwd, { call: 'rename', path: `tiny/${file}$` });
    expect([stopped.code, lastLine(stopped)]).toEqual([130, 'warning: the run is saved; stopping after its report']);
    expect(stopped.stdout).toMatch(/: 4 steps in .*\nreport: checkpoints\/tiny\/report\.html\n$/);
    expect(readFileSync(join(run, 'report.html'), 'utf8')).toMatch(/<\/html>\s*$/);
    expect(halfMade(run)).toEqual([]);
  },
);

describe('Ctrl-C during a download', () => {
  let hub: FakeHub | undefined;
  afterEach(async () => {
    await hub?.close();
  });

  it('ends in one line, with nothing partial in the cache, and the next download continues', async () => {
    hub = await startFakeHub();
    const files = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt'];
    const there = files.filter((name) => existsSync(join(STUDENT, name)));
    hub.models.set('them/student', new Map(there.map((name) => [name, readFileSync(join(STUDENT, name))])));
    const [cwd, home] = [folderWithPairs(20), temporaryFolder()];
    const env = { HF_ENDPOINT: hub.url, HF_HUB_CACHE: join(home, 'hub'), XDG_CACHE_HOME: join(home, 'cache') };
    const args = trainArguments([...FLAGS, '--student', 'them/student']);
    const stopped = await kdMeanwhile(args, {
      cwd,
      env: { ...env, ...intercepted({ call: 'open', path: '/hub/.*/\\.kd-', signal: 'SIGINT' }) },
    });
    expect([stopped.code, lastLine(stopped)]).toEqual([130, NOTHING]);
    expect(halfMade(home)).toEqual([]);
    expect(existsSync(join(cwd, 'checkpoints'))).toBe(false);
    const { code, stderr } = await kdMeanwhile(args, { cwd, env });
    expect(code, stderr).toBe(0);
  });
});
