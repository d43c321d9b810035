/** @file `kd runs`: the list of runs, and their removal. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markInUse } from '../../src/data/store/store-use.js';
import { lockRun } from '../../src/runs/run-lock.js';
import { KD, temporaryFolder } from '../cli.js';
import { kdHere } from '../in-process.js';
import { makeRun } from '../report/run-of.js';
import { folderWithPairs, parseLines, readJson, trainArguments } from './tiny.js';

let run: string;
let cwd: string;
beforeEach(() => {
  run = makeRun();
  cwd = dirname(dirname(run));
});
afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

interface Shown {
  readonly name: string;
  readonly state: string;
  readonly [field: string]: unknown;
}
const list = async (): Promise<Shown[]> => parseLines((await kdHere(['runs', '--json'], { cwd })).stdout);

/** Ends a run after fewer steps than it was to take. */
function cutShort(): void {
  const lines = readFileSync(join(run, 'loss.csv'), 'utf8').split('\n');
  writeFileSync(join(run, 'loss.csv'), `${lines.slice(0, 31).join('\n')}\n`);
  const validations = readFileSync(join(run, 'validation.csv'), 'utf8').split('\n');
  writeFileSync(join(run, 'validation.csv'), `${validations.slice(0, 3).join('\n')}\n`);
}

const hasScript = spawnSync('script', ['--version']).status === 0;

describe('kd runs', () => {
  it('lists a run with its state, steps, best loss, data, date and size', async () => {
    const bytes = readdirSync(run).reduce((sum, name) => sum + readFileSync(join(run, name)).length, 0);
    expect(await list()).toEqual([
      {
        event: 'run',
        name: 'first',
        folder: 'checkpoints/first',
        state: 'finished',
        step: 600,
        steps: 600,
        best: { step: 600, loss: expect.closeTo(0.4 + 3 * Math.exp(-4) + 0.02 * Math.sin(600), 12) as number },
        data: ['data'],
        training_pairs: 6400,
        created: '2026-01-02T03:04:05.000Z',
        bytes,
      },
    ]);
    const { stdout } = await kdHere(['runs'], { cwd });
    const [head, line] = stdout.split('\n');
    expect(head).toMatch(/^run +state +step +best loss +data +begun +size$/);
    expect(line).toMatch(/^first +finished +600\/600 +0\.4558 +data +2026-01-0\d \d\d:\d\d +\d+(\.\d)? kB$/);
  });

  it('distinguishes runs that train, were stopped, were killed and failed', async () => {
    cutShort();
    expect(await list()).toMatchObject([{ state: 'stopped', step: 300, best: { step: 200 } }]);
    const lock = await lockRun(run);
    expect(await list()).toMatchObject([{ state: 'training' }]);
    lock.release();
    const claim = join(run, 'lock-0123456789abcdef');
    // A process that is gone: this one's identity with a number that no process has.
    const held = await lockRun(run);
    const [name] = readdirSync(run).filter((each) => /^lock-[0-9a-f]{16}$/.test(each));
    const owner = { ...readJson<object>(join(run, name)), pid: 2 ** 22 + 1 };
    held.release();
    writeFileSync(claim, JSON.stringify(owner));
    expect(await list()).toMatchObject([{ state: 'failed', error: 'its process was killed' }]);
    rmSync(claim);
    writeFileSync(join(run, 'ended.json'), JSON.stringify({ state: 'failed', step: 300, time: '', error: 'no space' }));
    expect(await list()).toMatchObject([{ state: 'failed', error: 'no space' }]);
    expect((await kdHere(['runs'], { cwd })).stdout).toContain('(first: no space)');
  });

  it('shows the size of a run that is a link to a folder elsewhere', async () => {
    const [{ bytes }] = await list();
    const elsewhere = join(temporaryFolder(), 'moved');
    renameSync(run, elsewhere);
    symlinkSync(elsewhere, run);
    expect(await list()).toMatchObject([{ name: 'first', bytes }]);
  });

  it('lists damaged runs, and says if there are none', async () => {
    writeFileSync(join(run, 'config.json'), '{"settings": 7}');
    expect(await list()).toMatchObject([{ name: 'first', state: 'damaged' }]);
    const elsewhere = temporaryFolder();
    const { stdout, stderr } = await kdHere(['runs'], { cwd: elsewhere });
    expect([stdout, stderr]).toEqual(['', `no runs under ${elsewhere}/checkpoints; kd train starts one\n`]);
  });

  it('knows how a run last ended', async () => {
    const folder = folderWithPairs(40);
    const begun = ['--batch-size', '4', '--warmup-ratio', '0', '--engine', 'eager'];
    const runs = async (): Promise<Shown[]> => parseLines((await kdHere(['runs', '--json'], { cwd: folder })).stdout);
    await kdHere(trainArguments([...begun, '--max-steps', '1']), { cwd: folder });
    expect(await runs()).toMatchObject([{ name: 'tiny', state: 'finished', step: 1 }]);
    await kdHere(['train', '--resume', 'tiny', '--max-steps', '2'], { cwd: folder });
    expect(await runs()).toMatchObject([{ name: 'tiny', state: 'finished', step: 2 }]);
    const diverging = ['--learning-rate', '1e38', '--run', 'diverged'];
    expect((await kdHere(trainArguments([...begun, ...diverging]), { cwd: folder })).code).toBe(1);
    const error: unknown = expect.stringMatching(/^step \d+/);
    expect(await runs()).toMatchObject([{ name: 'diverged', state: 'failed', error }, { name: 'tiny' }]);
  });
});

describe('kd runs --remove', () => {
  const there = (): boolean => existsSync(run);

  it('removes runs without asking only with --yes', async () => {
    const refused = await kdHere(['runs', '--remove', 'first'], { cwd });
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^error: remove checkpoints\/first \(finished, step 600, \S+ kB\)\? expected an answer from a terminal, but there is none; add --yes\n$/,
      ),
    ]);
    expect(there()).toBe(true);
    const { code, stdout } = await kdHere(['runs', '--remove', 'first', '--yes', '--json'], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ event: 'removed', run: 'checkpoints/first' });
    expect(readdirSync(dirname(run))).toEqual([]);
  });

  it.skipIf(!hasScript)('fits into a narrow terminal', () => {
    const command = `stty cols 44; ${process.execPath} ${KD}`;
    const shown = (args: string): string[] =>
      spawnSync('script', ['-qec', `${command} ${args}`, '/dev/null'], { cwd, encoding: 'utf8' }).stdout.split('\r\n');
    for (const lines of [shown('runs'), shown('runs --help'), shown('--help')])
      expect(lines.filter((line) => line.length > 44)).toEqual([]);
    expect(shown('runs').slice(0, 2).join('\n')).toMatch(
      /^run +state +step +best loss +data\nfirst +finished +600\/600 +\d/,
    );
    expect(shown('runs').join('\n')).toMatch(/\n\nrun +begun +size\nfirst +2026-/);
  });

  it.skipIf(!hasScript).each([
    ['y', false],
    ['n', true],
    ['', true],
  ])('asks on a terminal: %j', (answer, isLeft) => {
    const { status, stdout } = spawnSync(
      'script',
      ['-qec', `${process.execPath} ${KD} runs --remove first`, '/dev/null'],
      { cwd, input: `${answer}\n`, encoding: 'utf8' },
    );
    expect(stdout).toContain('remove checkpoints/first (finished, step 600');
    expect(status).toBe(0);
    expect(there()).toBe(isLeft);
  });

  it('keeps running runs, incomplete ones, and the targets of links', async () => {
    const lock = await lockRun(run);
    const training = await kdHere(['runs', '--remove', 'first', '--yes'], { cwd });
    expect([training.code, training.stderr]).toEqual([1, expect.stringContaining('that no process is writing to')]);
    lock.release();
    mkdirSync(join(cwd, 'elsewhere'));
    symlinkSync(run, join(cwd, 'elsewhere/linked'));
    for (const [name, message] of [
      ['nothing', 'expected the name of a run'],
      ['first:last', 'expected a whole run, got one of its checkpoints'],
      ['elsewhere/linked', 'got a link to one'],
    ]) {
      const { code, stderr } = await kdHere(['runs', '--remove', name, '--yes'], { cwd });
      expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
      expect(there()).toBe(true);
    }
  });
});

describe('prepared data that no run uses', () => {
  const STORES = ['0123456789abcdef', '1123456789abcdef', '2123456789abcdef', '3123456789abcdef'];
  const [named, unnamed, marked] = STORES;
  const stores = (): string[] => readdirSync(join(cwd, 'checkpoints/.prepared')).sort();
  beforeEach(() => {
    for (const name of STORES) {
      const folder = join(cwd, 'checkpoints/.prepared', name);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'training-00000.arrow'), Buffer.alloc(5000));
    }
    const config = join(run, 'config.json');
    const { data, ...rest } = readJson<{ data: object }>(config);
    writeFileSync(config, JSON.stringify({ ...rest, data: { ...data, store: `checkpoints/.prepared/${named}` } }));
  });

  it('is told, and removed without what runs and processes use', async () => {
    const unmark = markInUse(join(cwd, 'checkpoints/.prepared', marked));
    const { stderr } = await kdHere(['runs'], { cwd });
    expect(stderr).toBe(
      'checkpoints/.prepared: 10.0 kB in 2 preparations that no run uses; remove them with: kd runs --remove-prepared\n',
    );
    const refused = await kdHere(['runs', '--remove-prepared'], { cwd });
    expect([refused.code, refused.stderr]).toEqual([
      1,
      'error: remove 10.0 kB in 2 preparations that no run uses? expected an answer from a terminal, but there is none; add --yes\n',
    ]);
    expect(stores()).toEqual(STORES);
    const { code, stdout } = await kdHere(['runs', '--remove-prepared', '--yes', '--json'], { cwd });
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      {
        event: 'removed-prepared',
        stores: [unnamed, STORES[3]].map((name) => `checkpoints/.prepared/${name}`),
        bytes: 10_000,
      },
    ]);
    expect(stores()).toEqual([named, marked]);
    unmark();
    expect((await kdHere(['runs', '--remove-prepared', '--yes'], { cwd })).stdout).toBe(
      'removed 1 preparation: 5.0 kB\n',
    );
    expect(stores()).toEqual([named]);
    const nothing = await kdHere(['runs', '--remove-prepared', '--json'], { cwd });
    expect(nothing).toEqual({
      code: 0,
      stdout: '{"event":"removed-prepared","stores":[],"bytes":0}\n',
      stderr: 'checkpoints/.prepared: nothing to remove; all prepared data is in use\n',
    });
    expect((await kdHere(['runs', '--remove-prepared'])).stderr).toBe(
      'checkpoints/.prepared: nothing to remove; no data has been prepared there\n',
    );
  });

  it('is what a run leaves whose files of pairs were touched, and is used while a process reads it', async () => {
    const folder = folderWithPairs(20);
    const flags = ['--engine', 'eager', '--batch-size', '4', '--max-steps', '1'];
    await kdHere(trainArguments(flags), { cwd: folder });
    const [first] = readdirSync(join(folder, 'checkpoints/.prepared'));
    utimesSync(join(folder, 'pairs.csv'), 1, 1);
    const resumed = await kdHere(['train', '--resume', 'tiny', '--max-steps', '2'], { cwd: folder });
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(readdirSync(join(folder, 'checkpoints/.prepared', first)).filter((name) => name.startsWith('.'))).toEqual(
      [],
    );
    const { stderr } = await kdHere(['runs'], { cwd: folder });
    expect(stderr).toMatch(/^checkpoints\/\.prepared: \S+ kB in 1 preparation that no run uses; remove it with: /m);
    await kdHere(['runs', '--remove-prepared', '--yes'], { cwd: folder });
    expect(readdirSync(join(folder, 'checkpoints/.prepared'))).not.toContain(first);
    const more = await kdHere(['train', '--resume', 'tiny', '--max-steps', '3'], { cwd: folder });
    expect([more.code, more.stderr]).toEqual([0, expect.not.stringContaining('reading')]);
  });

  it('is kept if it may be shared, or a configuration cannot be read', async () => {
    rmSync(join(run, 'config.json'));
    mkdirSync(join(run, 'config.json'));
    mkdirSync(join(run, 'step-00000001'));
    const { code, stderr } = await kdHere(['runs', '--remove-prepared', '--yes'], { cwd });
    expect([code, stderr]).toEqual([1, expect.stringContaining('checkpoints/first/config.json: ')]);
    expect((await kdHere(['runs'], { cwd })).code).toBe(0);
    rmSync(run, { recursive: true });
    renameSync(join(cwd, 'checkpoints/.prepared'), join(cwd, 'shared'));
    symlinkSync('../shared', join(cwd, 'checkpoints/.prepared'));
    const linked = await kdHere(['runs', '--remove-prepared', '--yes'], { cwd });
    expect(linked.stderr).toBe(
      'checkpoints/.prepared: nothing is removed; it is a link, and runs elsewhere may use its target\n',
    );
    expect(stores()).toEqual(STORES);
  });
});
