/** @file Every command of every document is run by a test, those of docs/runs.md and docs/first-real-run.md here. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { loadTokenizer } from '../../src/text/tokenizer.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { temporaryFolder, type CliResult } from '../cli.js';
import { BACKEND, folderWithPairs, PAIRS, STUDENT, TEACHER, trainArguments } from '../commands/tiny.js';
import { SD_TINY } from '../fixtures/index.js';
import { apart } from '../float64/model-bounds.js';
import { kdHere } from '../in-process.js';
import { argumentsOf, blocksOf, commandsOf, DOCUMENTS, ROOT } from './documents.js';

// Prompts are embedded by a process, which can only be started from what is compiled.
vi.mock('../../src/app/pictures/embedding.js', () => import('#dist/app/pictures/embedding.js'));

/** The tests that run all commands of a document. */
const RUN_BY: Readonly<Record<string, string>> = {
  'README.md': 'tests/readme.test.ts',
  'CONTRIBUTING.md': 'tests/docs/contributing.test.ts',
  'docs/data.md': 'tests/docs/data.test.ts',
  'docs/evaluation.md': 'tests/commands/eval.test.ts',
  'docs/first-real-run.md': 'tests/docs/commands.test.ts',
  'docs/install.md': 'tests/docs/install.test.ts',
  'docs/pictures.md': 'tests/commands/generate.test.ts',
  'docs/report.md': 'tests/commands/report.test.ts',
  'docs/runs.md': 'tests/docs/commands.test.ts',
  'docs/scale.md': 'tests/commands/devices.test.ts',
};

/** Single commands: the test that runs them, or why none does. */
const OTHERS: Readonly<Record<string, string>> = {
  'npm run check:gpu': 'tests/scripts/gpu.test.ts',
  'npm run check:gpu -- --device cpu --models tiny --batches 4,8 --steps 2 --long 20': 'tests/scripts/gpu.test.ts',
  'docker build --tag kd .': 'takes a Docker',
  'docker run --rm --init --gpus all kd doctor': 'takes a Docker',
  'docker run --rm --init --gpus all --volume "$PWD/data:/kd/data" --volume "$PWD/checkpoints:/kd/checkpoints" kd train --run first':
    'takes a Docker',
  'pip install pandas polars pyarrow datasets openpyxl': 'takes a network',
  'python scripts/formats/same_pairs.py': 'takes those packages',
};

const isTest = (reason: string): boolean => reason.startsWith('tests/');

describe('the documents', () => {
  it.each(DOCUMENTS)('%s: its commands are run by a test', (document) => {
    const commands = commandsOf(document);
    const missing = commands.filter((command) => !(document in RUN_BY) && !(command in OTHERS));
    expect(missing).toEqual([]);
    if (document in RUN_BY) expect(commands.length).toBeGreaterThan(0);
  });

  it('are run by tests that exist, and use the document', () => {
    for (const [document, test] of Object.entries(RUN_BY))
      expect(readFileSync(join(ROOT, test), 'utf8'), test).toContain(document);
    for (const test of Object.values(OTHERS).filter(isTest)) expect(existsSync(join(ROOT, test)), test).toBe(true);
    const shown = new Set(DOCUMENTS.flatMap(commandsOf));
    expect(Object.keys(OTHERS).filter((command) => !shown.has(command))).toEqual([]);
  });
});

/** What a test cannot wait for: full-size models, a graph for every run, and more than a few steps. */
const TINY = ['--teacher', TEACHER, '--student', STUDENT];
const EAGER = ['--engine', 'eager'];

describe('docs/runs.md', () => {
  let cwd: string;
  /** How often a run was resumed: each time it takes one step more. */
  let resumed = 0;
  beforeAll(async () => {
    cwd = folderWithPairs(12);
    expect((await train('first', '--keep', '99')).code).toBe(0);
  });

  const train = (name: string, ...flags: string[]): Promise<CliResult> =>
    kdHere(trainArguments([...EAGER, '--max-steps', '2', '--save-every', '1', '--run', name, ...flags]), { cwd });

  /** How a command is run here, with how many others before it. */
  async function runHere(command: string, index: number): Promise<CliResult> {
    const args = argumentsOf(command);
    const removes = args.some((arg) => arg.startsWith('--remove'));
    if (args[0] === 'runs') return kdHere([...args, ...(removes ? ['--yes'] : [])], { cwd });
    if (args.includes('--resume')) return kdHere([...args, '--max-steps', String(3 + resumed++)], { cwd });
    if (command.includes('config.json')) return kdHere(args, { cwd });
    if (command.includes('run.yaml') && !args.includes('--print'))
      return train('yaml', ...args.slice(1), '--teacher', TEACHER, '--student', STUDENT);
    const [printed, file] = command.split(' > ');
    if (file === undefined) return train(`run-${index}`, ...args.slice(1));
    const result = await kdHere(argumentsOf(printed), { cwd });
    writeFileSync(join(cwd, file), result.stdout);
    return result;
  }

  const commands = commandsOf('docs/runs.md');
  // Removed last; and what the document stores elsewhere, or calls step 300, is here.
  const inOrder = [...commands].sort((a, b) => Number(a.includes('--remove')) - Number(b.includes('--remove')));

  it.each(inOrder.map((command, index) => [command, index] as const))('%s', async (command, index) => {
    const local = command.replace(' /data/teacher', ' teacher-outputs').replace('first:300', 'first:2');
    const { code, stderr } = await runHere(local, index);
    expect(code, stderr).toBe(0);
  });
});

/** A Python with transformers, if there is one. */
const PYTHON = process.env.KD_PYTHON ?? 'python3';
const hasTransformers = spawnSync(PYTHON, ['-c', 'import torch, transformers']).status === 0;

it.skipIf(!hasTransformers)(
  'docs/runs.md shows how Python reads a checkpoint, as kd reads it',
  async () => {
    const cwd = folderWithPairs(12);
    const steps = [...EAGER, '--max-steps', '2', '--save-every', '2', '--run', 'quickstart'];
    expect((await kdHere(trainArguments(steps), { cwd })).code).toBe(0);
    const [block] = blocksOf('docs/runs.md', 'python');
    const code = `${block.replace('step-00000600', 'step-00000002')}\nprint(hidden.flatten().tolist())`;
    const env = { ...process.env, HF_HUB_OFFLINE: '1' };
    const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', code], {
      cwd,
      env,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    expect(status, stderr).toBe(0);
    writeFileSync(join(cwd, 'text.txt'), '노란색 차\n');
    const flags = [
      '--model',
      'quickstart:2',
      '--input',
      'text.txt',
      '--output',
      'text.safetensors',
      '--backend',
      BACKEND,
    ];
    expect((await kdHere(['encode', ...flags], { cwd })).code).toBe(0);
    const own = await openSafetensors(join(cwd, 'text.safetensors'));
    const expected = await own.read('last_hidden_state');
    await own.close();
    const values = JSON.parse(stdout) as number[];
    expect(values).toHaveLength(expected.length);
    const checkpoint = join(cwd, 'checkpoints/quickstart/step-00000002');
    const { ids } = (await loadTokenizer(checkpoint)).encode('노란색 차');
    const { lastHiddenState: bound } = await apart(checkpoint, Int32Array.from(ids));
    expect(Math.max(...values.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(bound);
  },
  120_000,
);

describe('docs/first-real-run.md', () => {
  let cwd: string;
  beforeAll(() => {
    cwd = temporaryFolder();
    mkdirSync(join(cwd, 'downloads'));
    const rows = PAIRS.map(([ko, en]) => `${ko},${en}`);
    writeFileSync(join(cwd, 'downloads/pairs.csv'), ['ko,en', ...rows].join('\n'));
  });

  /** What is added to a command of that name. */
  const ADDED: Readonly<Record<string, readonly string[]>> = {
    prepare: TINY,
    train: [...TINY, ...EAGER, '--max-steps', '2'],
    generate: ['--pipeline', SD_TINY, '--teacher', TEACHER, '--width', '64', '--height', '64', '--steps', '2'],
  };

  const elsewhere = new Set(commandsOf('README.md'));
  const commands = commandsOf('docs/first-real-run.md');
  const own = commands.filter((command) => !elsewhere.has(command) || / (prepare|train) /.test(command));

  it.each(own)('%s', async (command) => {
    if (!command.startsWith('npx kd ')) {
      const { status, stderr } = spawnSync('bash', ['-c', command], { cwd, encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      return;
    }
    const [name, ...args] = argumentsOf(command);
    const added = args.includes('--resume') ? ['--max-steps', '3'] : (ADDED[name] ?? []);
    // The server is waited for in tests/commands/report.test.ts.
    const all = [name, ...args, ...added].filter((arg) => arg !== '--serve');
    const { code, stderr } = await kdHere(all, { cwd });
    expect(code, stderr).toBe(0);
  });
});
