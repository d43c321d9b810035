/** @file `kd train --resume`: that a run which was killed ends as one that was not, and what is refused. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type * as timers from 'node:timers/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { KD, temporaryFolder, type CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { bfloat16Blocker } from '../../src/tensorflow/hardware.js';
import { BACKEND, copyOf, folderWithPairs, readCsv, readJson, STUDENT, trainArguments } from './tiny.js';

/** Pauses between tries to save pass at once. */
vi.mock('node:timers/promises', async (original) => {
  const real = await original<typeof timers>();
  return {
    ...real,
    setTimeout: (milliseconds: number, ...rest: [unknown, object]) =>
      real.setTimeout(milliseconds >= 30_000 ? 0 : milliseconds, ...rest),
  };
});

const SCRIPT = join(import.meta.dirname, '../../scripts/kill-test.mjs');
/**
 * Op by op: for a few steps a graph takes longer to make than it saves. That a recorded step continues bit for bit is
 * seen where runs are killed.
 */
const FLAGS = [
  '--engine',
  'eager',
  '--batch-size',
  '4',
  '--epochs',
  '3',
  '--log-every',
  '1',
  '--save-every',
  '2',
  '--keep',
  '3',
  '--dropout',
  '0.1',
];

const train = (cwd: string, flags: readonly string[]): Promise<CliResult> => kdHere(trainArguments(flags), { cwd });
const resume = (cwd: string, ...flags: string[]): Promise<CliResult> =>
  kdHere(['train', '--resume', ...flags], { cwd });
const steps = (cwd: string): string[] =>
  readdirSync(join(cwd, 'checkpoints/tiny'))
    .filter((name) => name.startsWith('step-'))
    .sort();
const lastLine = ({ stderr }: CliResult): string => stderr.trimEnd().split('\n').at(-1)!;

/** Where the runs of an engine are disturbed; all are compared with one that is not. */
const KILLED = { compiled: temporaryFolder(), eager: temporaryFolder() };

it.each([
  ['compiled', 'SIGKILL', '4'],
  ['eager', 'SIGHUP', '2'],
  ['eager', 'pipes', '1'],
] as const)(
  'ends like an undisturbed run when disturbed at random moments (%s engine, %s)',
  (engine, by, few) => {
    const kills = process.env.KD_KILLS ?? few;
    const result = spawnSync(
      process.execPath,
      [
        SCRIPT,
        '--out',
        KILLED[engine],
        '--kills',
        kills,
        '--with',
        by,
        '--seconds',
        '100',
        '--',
        '--engine',
        engine,
        '--samples',
        '120',
        '--epochs',
        '2',
      ],
      { encoding: 'utf8' },
    );
    expect(result.stderr).toBe('');
    expect(result.stdout).toMatch(
      /^\d+ kills in \d+ runs: .*; (\d+) of \1 contents as the undisturbed run's; 0 processes ended by a signal that was not ours$/m,
    );
  },
  200_000,
);

describe('a run that has ended', () => {
  let original: string;
  beforeAll(async () => {
    original = folderWithPairs(22);
    const result = await train(original, FLAGS);
    expect(result.code, result.stderr).toBe(0);
  });
  const copied = (): string => {
    const cwd = temporaryFolder();
    cpSync(original, cwd, { recursive: true });
    return cwd;
  };

  it('is not run again or changed; without a name it is the last run', async () => {
    const cwd = copied();
    const before = contentsOf(cwd);
    const finished = 'checkpoints/tiny: finished at step 12; continue with: kd train --resume tiny --epochs 6\n';
    const bare = await kdHere(['train', '--resume'], { cwd });
    expect([bare.code, bare.stdout]).toEqual([0, finished]);
    expect(bare.stderr).toBe('--resume: the last run is checkpoints/tiny\n');
    const other = await kdHere(['train', '--resume', 'tiny', '--keep', '7'], { cwd });
    expect([other.code, other.stdout]).toEqual([0, finished]);
    expect(other.stderr).toContain('warning: --keep: not applied because there is nothing left to do');
    const two = await kdHere(['train', '--resume', 'tiny', '--max-steps', '12', '--keep', '7'], { cwd });
    expect([two.code, two.stdout]).toEqual([
      0,
      'checkpoints/tiny: finished at step 12; continue with: kd train --resume tiny --epochs 6 --max-steps 24\n',
    ]);
    expect(two.stderr).toContain('warning: --keep, --max-steps: not applied because there is nothing left to do');
    expect(two.stderr).not.toContain('cosine'); // it ends where it did
    const printed = await kdHere(['train', '--resume', 'tiny', '--print'], { cwd });
    expect(printed.stdout).toMatch(/^epochs: 3 +# the run's$/m);
    expect(printed.stderr).toContain(finished);
    const dry = await kdHere(['train', '--resume', 'tiny:last', '--dry-run', '--json'], { cwd });
    expect(JSON.parse(dry.stdout)).toEqual({
      event: 'finished',
      run: join(realpathSync(cwd), 'checkpoints/tiny'),
      steps: 12,
      more: '--epochs 6',
      resume: 'kd train --resume tiny --epochs 6',
    });
    expect(contentsOf(cwd)).toEqual(before);
  });

  it('is completed if its process died between its last checkpoint and removing older ones', async () => {
    const cwd = copied();
    const run = join(cwd, 'checkpoints/tiny');
    const kept = steps(cwd);
    for (const name of ['step-00000004', 'step-00000006', '.tmp-step-00000002'])
      cpSync(join(run, kept[0]), join(run, name), { recursive: true });
    await kdHere(['train', '--resume', 'tiny'], { cwd });
    expect(steps(cwd)).toEqual(['step-00000004', 'step-00000006', ...kept]); // it has ended: whose they are is unknown
    rmSync(join(run, 'ended.json'));
    await kdHere(['train', '--resume', 'tiny', '--keep', '1'], { cwd });
    expect(steps(cwd)).toEqual(['step-00000004', 'step-00000006', ...kept]);
    const { code, stdout } = await kdHere(['train', '--resume', 'tiny'], { cwd });
    expect([code, stdout]).toEqual([0, expect.stringContaining('checkpoints/tiny: finished at step 12')]);
    expect(readdirSync(run).filter((name) => name.includes('step-'))).toEqual(kept);
  });

  it('says how to get its report if its process died while writing it', async () => {
    const cwd = copied();
    rmSync(join(cwd, 'checkpoints/tiny/loss.png'));
    const { code, stdout } = await kdHere(['train', '--resume', 'tiny'], { cwd });
    expect([code, stdout]).toEqual([
      0,
      'checkpoints/tiny: finished at step 12; continue with: kd train --resume tiny --epochs 6\n' +
        'its report was not written; write it with: kd report tiny\n',
    ]);
    await kdHere(['report', 'tiny', '--no-encode'], { cwd });
    const after = await kdHere(['train', '--resume', 'tiny'], { cwd });
    expect(after.stdout).toBe(
      'checkpoints/tiny: finished at step 12; continue with: kd train --resume tiny --epochs 6\n',
    );
  });

  it('is unchanged by everything that is refused', async () => {
    const cwd = copied();
    const damaged = join(cwd, 'checkpoints/tiny/step-00000010/optimizer.safetensors');
    const bytes = readFileSync(damaged);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(damaged, bytes);
    mkdirSync(join(cwd, 'other'));
    writeFileSync(join(cwd, 'other/pairs.csv'), 'ko,en\n집,house\n차,car\n');
    const before = contentsOf(join(cwd, 'checkpoints/tiny'));
    const there = /, which has step-00000008, step-00000010, step-00000012; give one as run:step/;
    for (const [flags, message] of [
      [['tiny/step-77'], there],
      [['checkpoints/tiny/step-00000077'], there],
      [['tiny:77'], there],
      [['tiny:77', '--dry-run'], there],
      [['tiny:77', '--print'], there],
      [
        ['tiny:10'],
        /expected an intact checkpoint, but in step-00000010 optimizer.* the others are step-00000012, step-00000008/,
      ],
      [['tiny', '--epochs', '2'], /^error: --epochs 2: expected at least 3, as 12 steps are done and an epoch has 4;/m],
      [['tiny', '--epochs', '2', '--print'], /^error: --epochs 2: expected at least 3, as 12 steps are done/m],
      [['tiny', '--max-steps', '7'], /^error: --max-steps 7: expected at least 12, the steps that are done;/m],
      [['tiny', '--run', 'other'], /^error: --run other: expected no name beside --resume/m],
      [['tiny', '--recipe', 'smoke'], /expected the options that the run began with, --recipe its default, not smoke/],
      [['tiny', '--epochs', '4', '--teacher', 'nowhere'], /--teacher nowhere: no such folder/],
      [['tiny', '--epochs', '4', '--data', 'nowhere.csv'], /nowhere\.csv/],
      [['tiny', '--epochs', '4', '--data', 'other'], /expected the pairs that the run began with/],
      [['tiny', '--epochs', '4', '--student', copyOfStudent(cwd)], /these have changed: student/],
      [
        ['tin'],
        /^error: --resume tin: expected the name of a run .* found none of that name; the runs, newest first: tiny$/m,
      ],
      [[''], /^error: --resume "": expected/m],
    ] as const) {
      const { code, stderr } = await kdHere(['train', '--resume', ...flags], { cwd });
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    }
    expect(contentsOf(join(cwd, 'checkpoints/tiny'))).toEqual(before);
  });

  it('without an intact checkpoint does not start over', async () => {
    const cwd = copied();
    for (const name of steps(cwd)) rmSync(join(cwd, 'checkpoints/tiny', name, 'model.safetensors'));
    const before = contentsOf(cwd);
    const { code, stderr } = await kdHere(['train', '--resume', 'tiny'], { cwd });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/expected an intact checkpoint, found none: step-00000012 \(/),
    ]);
    expect(contentsOf(cwd)).toEqual(before);
  });

  it('resumes from a named checkpoint, sets newer ones aside, and stores its settings', async () => {
    const cwd = copied();
    const run = join(cwd, 'checkpoints/tiny');
    const dry = await resume(cwd, 'tiny:10', '--dry-run', '--epochs', '4');
    expect(dry.code, dry.stderr).toBe(0);
    expect(dry.stdout).toMatch(/^steps {7}16, 4 an epoch; 10 are done$/m);
    expect(steps(cwd)).toEqual(steps(original));
    const printed = await resume(cwd, 'tiny', '--print', '--epochs', '4');
    expect(printed.stdout).toMatch(/^saveEvery: 2 +# the run's$/m);
    expect(printed.stdout).toMatch(/^epochs: 4 +# given$/m);

    const result = await resume(cwd, 'checkpoints/tiny/step-10', '--keep', '9');
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toMatch(/^set aside newer checkpoints: \.aside-step-00000012$/m);
    expect(readJson(join(run, 'config.json'))).toMatchObject({
      settings: { epochs: 3, keep: 9 },
      resumed: [{ step: 10 }],
    });
    const weights = (folder: string): Buffer => readFileSync(join(folder, 'step-00000012/model.safetensors'));
    expect(weights(run).equals(weights(join(original, 'checkpoints/tiny')))).toBe(true);
    expect(readFileSync(join(run, 'best'), 'utf8')).toBe(readFileSync(join(original, 'checkpoints/tiny/best'), 'utf8'));
    const again = await resume(cwd, 'tiny:10', '--keep', '1');
    expect(again.code, again.stderr).toBe(0);
    expect(
      readdirSync(run)
        .filter((name) => name.startsWith('.aside'))
        .sort(),
    ).toEqual(['.aside-step-00000012', '.aside-step-00000012-2']);
  });

  it('continues for more epochs, and says how that changes the learning rate', async () => {
    const cwd = copied();
    const result = await resume(cwd, 'tiny', '--epochs', '4');
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toMatch(
      /^--epochs: 3 → 4\nthe cosine of the learning rate now ends at the new last step, 16 instead of 12: /m,
    );
    const rows = readCsv(join(cwd, 'checkpoints/tiny/loss.csv'));
    expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect(
      readJson<{ settings: { epochs: number }; resumed: { step: number }[] }>(
        join(cwd, 'checkpoints/tiny/config.json'),
      ),
    ).toMatchObject({ settings: { epochs: 4 }, resumed: [{ step: 12 }] });
  });

  it.skipIf(BACKEND !== 'tensorflow' || bfloat16Blocker() !== undefined)(
    'keeps the precision that the machine chose when it began',
    async () => {
      const cwd = copied();
      const path = join(cwd, 'checkpoints/tiny/config.json');
      const config = readJson<{ settings: object; engine: object }>(path);
      expect(config).toMatchObject({ settings: { precision: 'auto' }, engine: { engine: 'eager', precision: 'fp32' } });
      const engine = { ...config.engine, engine: 'compiled', precision: 'bf16' }; // which no small model is given
      writeFileSync(path, JSON.stringify({ ...config, engine, cpu: undefined }));
      const flags = ['--epochs', '4', '--engine', 'compiled', '--dry-run'];
      const { code, stderr } = await kdHere(['train', '--resume', ...flags], { cwd });
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/^engine: compiled on TensorFlow [\d.]+, cpu, bf16 \(as the run began\)$/m);
      expect(stderr).not.toContain('bit for bit');
    },
  );

  it('uses an older checkpoint if the newest is damaged, and arrives at the same weights', async () => {
    const cwd = copied();
    const run = join(cwd, 'checkpoints/tiny');
    const weights = readFileSync(join(run, 'step-00000012/model.safetensors'));
    const damaged = Buffer.from(weights);
    damaged[damaged.length - 5] ^= 64;
    writeFileSync(join(run, 'step-00000012/model.safetensors'), damaged);
    rmSync(join(run, 'step-00000010/optimizer.safetensors'));
    writeFileSync(join(run, 'last'), '');
    const result = await resume(cwd, join('checkpoints', 'tiny'));
    expect(result.code, result.stderr).toBe(0);
    const words = result.stderr;
    expect(words).toMatch(/^warning: skipped step-00000012: model\.safetensors: expected the SHA-256 /m);
    expect(words).toMatch(
      /^warning: skipped step-00000010: optimizer\.safetensors: expected \d+ bytes, got no such file or folder$/m,
    );
    expect(words).toMatch(/resuming from step-00000008$/m);
    expect(readFileSync(join(run, 'step-00000012/model.safetensors')).equals(weights)).toBe(true);
    expect(steps(cwd)).toEqual(steps(original));
  });

  it.each([
    [
      'another option',
      ['--batch-size', '2', '--learning-rate', '5e-5'],
      /^error: --resume: expected the options that the run began with, --batch-size 4, not 2; leave them out, or start another run \(may change: --data, --teacher, /,
    ],
    [
      'a run that is not there',
      [],
      /^error: --resume other: expected the name of a run under checkpoints\/, its folder or one of its checkpoints, found none of that name; the runs, newest first: tiny$/,
    ],
  ])('refuses %s', async (_, flags, message) => {
    const result = await resume(copied(), flags.length === 0 ? 'other' : 'tiny', ...flags);
    expect(result.code).toBe(1);
    expect(lastLine(result)).toMatch(message);
  });

  it('refuses other data by name', async () => {
    const cwd = copied();
    const pairs = readFileSync(join(cwd, 'pairs.csv'), 'utf8');
    writeFileSync(join(cwd, 'pairs.csv'), `${pairs}\n집,house`);
    const result = await resume(cwd, 'tiny', '--epochs', '4');
    expect(result.code).toBe(1);
    expect(lastLine(result)).toMatch(
      /^error: .*checkpoints\/tiny: expected the pairs that the run began with \([0-9a-f]{12}\), got others \([0-9a-f]{12}\): the files, or the rules .*, have changed; resume with the pairs that it began with: --data checkpoints\/\.prepared\/[0-9a-f]{16}$/,
    );
  });

  it('without a checkpoint starts over', async () => {
    const cwd = copied();
    for (const name of steps(cwd)) rmSync(join(cwd, 'checkpoints/tiny', name), { recursive: true });
    const result = await resume(cwd);
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toContain('checkpoints/tiny: no checkpoint yet; starting over');
    expect(steps(cwd)).toEqual(steps(original));
    expect(readCsv(join(cwd, 'checkpoints/tiny/loss.csv')).map(({ loss }) => loss)).toEqual(
      readCsv(join(original, 'checkpoints/tiny/loss.csv')).map(({ loss }) => loss),
    );
  });

  it.skipIf(process.getuid?.() === 0 && spawnSync('setpriv', ['--version']).status !== 0)(
    'says in one line that its folder cannot be written',
    () => {
      const cwd = copied();
      const run = join(cwd, 'checkpoints/tiny');
      chmodSync(cwd, 0o755);
      chmodSync(join(cwd, 'checkpoints/.prepared'), 0o777); // the copied data is prepared anew
      chmodSync(run, 0o555);
      // TensorFlow may lie where nobody may read
      const command = [process.execPath, KD, 'train', '--resume', 'tiny', '--backend', 'cpu'];
      const asNobody = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups', ...command] : command;
      const result = spawnSync(asNobody[0], asNobody.slice(1), {
        cwd,
        encoding: 'utf8',
        env: { ...process.env, HOME: temporaryFolder() },
      });
      chmodSync(run, 0o755);
      expect(result.status).toBe(1);
      expect(result.stderr.trimEnd().split('\n').at(-1)).toMatch(
        /^error: .*checkpoints\/tiny\/lock: cannot be written: permission denied$/,
      );
      expect(readdirSync(run).filter((name) => name.startsWith('lock'))).toEqual([]);
    },
  );
});

it('refuses a second process, in one line', async () => {
  const cwd = folderWithPairs(20);
  const child = spawn(
    process.execPath,
    [KD, ...trainArguments(['--engine', 'eager', '--batch-size', '2', '--epochs', '100000', '--json'])],
    { cwd, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const isTraining = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('"step"')) resolve();
    });
  });
  await isTraining;
  const second = await resume(cwd);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(second.code).toBe(1);
  expect(lastLine(second)).toBe(
    `error: ${join(cwd, 'checkpoints/tiny')}: expected a run that no process is writing to, but process ` +
      `${child.pid} is; wait for it, or stop it`,
  );
  const saved = steps(cwd).map((name) => Number(name.slice('step-'.length)));
  const third = await resume(cwd, '--max-steps', String(Math.max(0, ...saved) + 1));
  expect(third.stderr).toMatch(new RegExp(`^took over the lock of process ${child.pid}, which has exited$`, 'm'));
});

it('caches the teacher, and trains from the cache', async () => {
  const cwd = folderWithPairs(20);
  const flags = [
    '--engine',
    'eager',
    '--batch-size',
    '3',
    '--max-steps',
    '4',
    '--log-every',
    '1',
    '--cache-teacher',
    'cache',
  ];
  const [first, second, plain] = [
    await train(cwd, flags),
    await train(cwd, [...flags, '--run', 'again']),
    await train(cwd, [...flags.slice(0, -2), '--run', 'plain']),
  ];
  for (const result of [first, second, plain]) expect(result.code, result.stderr).toBe(0);
  expect(first.stderr).toMatch(/^teacher cache: 20 pairs in cache\/[0-9a-f]{16}, 148 kB still to be written$/m);
  expect(second.stderr).toMatch(/^teacher cache: 20 pairs in cache\/[0-9a-f]{16}, 0 B still to be written$/m);
  const losses = (run: string): number[] => readCsv(join(cwd, 'checkpoints', run, 'loss.csv')).map(({ loss }) => loss);
  expect(losses('again')).toEqual(losses('tiny'));
  for (const [i, loss] of losses('plain').entries()) expect(losses('tiny')[i]).toBeCloseTo(loss, 2); // bfloat16
  expect(readdirSync(join(cwd, 'cache', readdirSync(join(cwd, 'cache'))[0])).sort()).toEqual([
    'training-00000.safetensors',
    'validation-00000.safetensors',
  ]);
});

/** A student of other weights. */
function copyOfStudent(cwd: string): string {
  const folder = copyOf(STUDENT, join(cwd, 'student'));
  const path = join(folder, 'model.safetensors');
  const bytes = readFileSync(path);
  bytes[bytes.length - 4] ^= 1; // the last bit of a value
  writeFileSync(path, bytes);
  return folder;
}

/** SHA-256 of every file in a folder, by its path. */
function contentsOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [join(parentPath, name), hash(join(parentPath, name))]),
  );
}

/** A small file system of its own, or undefined where mounting is not allowed. */
function mountedFolder(options: string): string | undefined {
  const folder = temporaryFolder();
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0 ? folder : undefined;
}

/** Does something while `checkpoints/tiny` of a new folder is a small file system; nothing where that is not allowed. */
async function onSmallDisk(options: string, work: (cwd: string, disk: string) => Promise<void>): Promise<void> {
  const disk = mountedFolder(options);
  if (disk === undefined) {
    console.log('skipped: mounting is not allowed here');
    return;
  }
  try {
    const cwd = folderWithPairs(22);
    mkdirSync(join(cwd, 'checkpoints'));
    spawnSync('ln', ['-s', disk, join(cwd, 'checkpoints/tiny')]);
    await work(cwd, disk);
  } finally {
    spawnSync('umount', [disk]);
  }
}

const expectAllSteps = (disk: string): void => {
  expect(readCsv(join(disk, 'loss.csv')).map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
};

it('continues if the disk is too small for the next checkpoint, and saves the last one in what is spared', async () => {
  // 16 MB are to be left free beside a checkpoint of 0.9 MB: from some on there is no room.
  await onSmallDisk('size=19m', async (cwd, disk) => {
    const result = await train(cwd, [...FLAGS, '--keep', '100']);
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toMatch(
      /^warning: step \d+ not saved: .*tiny: expected 1[67]\.\d MB free \([\d.]+ [kM]B for a checkpoint, 16\.0 MB to spare for logs and the report\), found [\d.]+ MB; earlier checkpoints are unchanged$/m,
    );
    expect(steps(cwd).at(-1)).toBe('step-00000012');
    expectAllSteps(disk);
  });
});

it('continues if the disk is full in the middle of a save, and puts the last state elsewhere', async () => {
  // Bytes enough, but names for some 60 files: it fills up in the middle of a save.
  await onSmallDisk('size=200m,nr_inodes=60', async (cwd, disk) => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = temporaryFolder();
    const result = await train(cwd, [...FLAGS, '--keep', '100']).finally(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    });
    expect(result.stderr).toMatch(
      /^warning: step \d+ not saved: .*cannot be (written|made): no room for another file, as all inodes of the device are in use \(df -i\); remove files there; earlier checkpoints are unchanged$/m,
    );
    expect(result.stderr).toMatch(
      /^warning: training has ended, but step 12 could not be saved: .*all inodes of the device are in use \(df -i\); remove files there; a copy is in \/.*\/kd-saved-\w+\/step-00000012; trying again for an hour; Ctrl-C ends that$/m,
    );
    expect(result.code).toBe(1);
    const [, command, copies] =
      /^error: .*expected to save step 12 at the end, but could not \(.*all inodes of the device are in use \(df -i\); remove files there\); a copy is in .*\/step-00000012; once the run's folder can be written, resume with: (mv (\S+)\/step-00000012 \S+tiny && rmdir \2 && kd train --resume tiny)$/.exec(
        lastLine(result),
      )!;
    expect(readdirSync(disk).filter((name) => name.startsWith('.tmp'))).toEqual([]);
    expect(steps(cwd)).not.toContain('step-00000012');

    spawnSync('mount', ['-o', 'remount,size=200m,nr_inodes=1000', disk]);
    const move = command.replace(/ && kd .*/, '');
    expect(spawnSync('sh', ['-c', move]).status).toBe(0);
    expect(existsSync(copies)).toBe(false);
    const more = await resume(cwd, '--epochs', '4');
    expect(more.code, more.stderr).toBe(0);
    expect(more.stderr).toContain('resuming from step-00000012');
    expect(more.stderr).not.toContain('the logs up to');
  });
});

it("refuses to fill the disk with the teacher's outputs, which would leave no room for a checkpoint", async () => {
  const disk = mountedFolder('size=20m');
  if (disk === undefined) {
    console.log('skipped: mounting is not allowed here');
    return;
  }
  try {
    const pairs = Array.from({ length: 1000 }, (_, i) => `문장 ${i},sentence ${i}`);
    writeFileSync(join(disk, 'pairs.csv'), ['ko,en', ...pairs].join('\n'));
    const flags = trainArguments(['--engine', 'eager', '--max-steps', '1', '--cache-teacher', 'cache']);
    const { code, stderr } = await kdHere(flags, { cwd: disk });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^error: cache\/[0-9a-f]{16}: expected 24\.\d MB free \(7\.4 MB for the teacher's outputs, 16\.\d MB for a checkpoint and logs\), found [\d.]+ MB; name a folder with more room$/m,
      ),
    ]);
    expect(readdirSync(join(disk, 'checkpoints'))).toEqual(['.prepared']);
    const elsewhere = await kdHere([...flags.slice(0, -1), temporaryFolder()], { cwd: disk });
    expect(elsewhere.code, elsewhere.stderr).toBe(0);
  } finally {
    spawnSync('umount', [disk]);
  }
});
