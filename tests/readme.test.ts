import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { kd, temporaryFolder, type CliResult } from './cli.js';
import { blocksOf, commandsOf, ROOT } from './docs/documents.js';
import { kdHere } from './in-process.js';

const LANGUAGES = ['README.md', 'README.ko.md'];

/** A folder as a clone is to a command: `data/` beside what it writes. */
let clone: string;
beforeAll(() => {
  clone = temporaryFolder();
  mkdirSync(join(clone, 'data'));
  for (const name of ['sample', 'tiny']) symlinkSync(join(ROOT, 'data', name), join(clone, 'data', name));
  mkdirSync(join(clone, 'downloads'));
  cpSync(join(ROOT, 'data/sample/방송콘텐츠.zip'), join(clone, 'downloads/방송콘텐츠.zip'));
});

const TINY = ['--teacher', 'data/tiny/teacher', '--student', 'data/tiny/student'];

/** How each command is run here: as it stands, but for what a test cannot wait for. */
const RUNS: Readonly<Record<string, () => Ran | Promise<Ran>>> = {
  'npm start': async () => {
    expect(scripts().start).toBe('node scripts/setup.mjs && node scripts/quickstart.mjs');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, 'scripts/quickstart.mjs'), '--epochs', '1'],
      { cwd: clone, encoding: 'utf8' },
    );
    expect(stdout).toContain("The student's loss on pairs it has not seen fell to ");
    expect(Number(/fell to (\d+)%/.exec(stdout)![1])).toBeLessThan(50);
    const printed = withoutNumbers(`${stderr}${stdout}`.replaceAll(`${relative(clone, ROOT)}/`, ''));
    for (const readme of LANGUAGES)
      for (const line of blocksOf(readme, 'text')[0].split('\n'))
        expect(printed, readme).toContain(withoutNumbers(line.replace(/…\)?$/, '')));
    const next = [...stdout.matchAll(/^ {2}npx kd (.+?)(?: {3}|$)/gm)].map(([, args]) => args);
    expect(next).toEqual(['doctor', 'train --data data/sample --dry-run', 'train --help']);
    for (const args of next) {
      const result = await run([...args.split(' '), ...(args.includes('dry-run') ? TINY : [])]);
      expect(result.status, result.output).toBe(0);
    }
    return { status, output: stderr };
  },
  'npm test': () => {
    // what is running now
    expect(scripts().test).toContain('vitest run');
    return { status: 0, output: '' };
  },
  'npx kd doctor': () => run(['doctor']),
  'npx kd prepare --data downloads --samples 1000000 --out prepared --report': async () => {
    const flags = ['--data', 'downloads', '--samples', '1000000', '--out', 'prepared', '--report'];
    const result = await run(['prepare', ...flags, ...TINY]);
    expect(result.output).toContain('report: prepared/report.html\n');
    return result;
  },
  'npx kd train --data prepared --recipe roberta-1m --run first': () =>
    run(['train', '--data', 'prepared', '--recipe', 'roberta-1m', '--run', 'first', ...TINY, '--max-steps', '2']),
  "echo '노란색 차' | npx kd encode --model quickstart --input - --output texts.safetensors": () => {
    const args = ['encode', '--model', 'quickstart', '--input', '-', '--output', 'texts.safetensors'];
    const { code, stderr } = kd(args, { cwd: clone, input: '노란색 차\n' });
    return { status: code, output: stderr };
  },
};

interface Ran {
  readonly status: CliResult['code'];
  readonly output: string;
}

/** What was run already: a command that is shown twice is run once. */
const ran = new Map<string, Promise<Ran>>();

async function run(args: readonly string[]): Promise<Ran> {
  const line = args.join(' ');
  const running =
    ran.get(line) ?? kdHere(args, { cwd: clone }).then(({ code, stderr }): Ran => ({ status: code, output: stderr }));
  ran.set(line, running);
  return running;
}

/** What is the same in runs of other lengths and on other machines. */
const withoutNumbers = (text: string): string => text.replace(/\d[\d,.:]*/g, '#').replace(/ +/g, ' ');

function scripts(): Record<string, string> {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;
}

/** The tables' commands that need nothing which is not in a clone after `npm start`. */
const LISTED = [
  'prepare --data data/sample --out store --report',
  'train --data data/sample --dry-run', // at full size in tests/commands
  'train --config checkpoints/quickstart/config.json',
  'runs',
  'report',
  'eval --compare clip,roberta',
  'export quickstart --to exported',
];

describe('the README', () => {
  it.each(LANGUAGES)('%s shows exactly the commands that are run here', (readme) => {
    expect(commandsOf(readme)).toEqual(expect.arrayContaining(Object.keys(RUNS)));
    expect(commandsOf(readme)).toHaveLength(Object.keys(RUNS).length);
  });

  it.each(Object.keys(RUNS))('%s works', async (command) => {
    const { status, output } = await RUNS[command]();
    expect(status, output).toBe(0);
  });

  it.each(LISTED)('kd %s can be typed as listed', async (listed) => {
    for (const readme of LANGUAGES) expect(readFileSync(join(ROOT, readme), 'utf8')).toContain(`\`npx kd ${listed}\``);
    const { status, output } = await run([...listed.split(' '), ...(/^prepare|dry-run/.test(listed) ? TINY : [])]);
    expect(status, output).toBe(0);
  });
});
