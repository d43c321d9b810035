import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { kd, temporaryFolder, type CliResult } from './cli.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LANGUAGES = ['README.md', 'README.ko.md'];

/** The commands in a README's `sh` blocks, without their comments. */
function commandsOf(readme: string): string[] {
  const blocks = readFileSync(join(ROOT, readme), 'utf8').matchAll(/```sh\n([^]*?)```/g);
  return [...blocks].flatMap(([, block]) => block.trim().split('\n')).map((line) => line.replace(/\s+#.*$/, ''));
}

/** A folder as a clone is to a command: `data/` beside what it writes. */
let clone: string;
beforeAll(() => {
  clone = temporaryFolder();
  mkdirSync(join(clone, 'data'));
  for (const name of ['sample', 'tiny']) symlinkSync(join(ROOT, 'data', name), join(clone, 'data', name));
  cpSync(join(ROOT, 'data/sample/방송콘텐츠.zip'), join(clone, 'data/방송콘텐츠.zip')); // a corpus of the user's
});

const TINY = ['--teacher', 'data/tiny/teacher', '--student', 'data/tiny/student'];

/** How each command is run here: as it stands, but for what a test cannot wait for. */
const RUNS: Readonly<Record<string, () => { readonly status: CliResult['code']; readonly output: string }>> = {
  'npm start': () => {
    expect(scripts().start).toBe('node scripts/setup.mjs && node scripts/quickstart.mjs');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, 'scripts/quickstart.mjs'), '--epochs', '1'],
      { cwd: clone, encoding: 'utf8' },
    );
    expect(stdout).toContain("The student's loss on pairs it has not seen fell to ");
    expect(Number(/fell to (\d+) %/.exec(stdout)![1])).toBeLessThan(50);
    return { status, output: stderr };
  },
  'npm test': () => {
    // what is running now
    expect(scripts().test).toContain('vitest run');
    return { status: 0, output: '' };
  },
  'npx kd train --epochs 10 --samples 1000000': () =>
    run(['train', '--epochs', '10', '--samples', '1000000', ...TINY, '--max-steps', '2', '--run', 'final']),
  'npx kd doctor': () => run(['doctor']),
  'npx kd train --dry-run': () => run(['train', '--dry-run', ...TINY]), // at full size in tests/commands
  "echo '노란색 차' | npx kd encode --model checkpoints/quickstart/step-00000600 --input - --output texts.safetensors":
    () => {
      mkdirSync(join(clone, 'checkpoints/quickstart'), { recursive: true });
      symlinkSync(join(ROOT, 'data/tiny/student'), join(clone, 'checkpoints/quickstart/step-00000600'));
      const model = ['--model', 'checkpoints/quickstart/step-00000600'];
      return run(['encode', ...model, '--input', '-', '--output', 'texts.safetensors'], '노란색 차\n');
    },
};

function run(args: string[], input = ''): { status: CliResult['code']; output: string } {
  const { code, stderr } = kd(args, { cwd: clone, input });
  return { status: code, output: stderr };
}

function scripts(): Record<string, string> {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;
}

/** The tables' commands that need nothing which is not in a clone after `npm start`. */
const LISTED = ['prepare --data data/sample --out store --report', 'runs', 'report'];

describe('the README', () => {
  it.each(LANGUAGES)('%s shows the commands that are run here, and no others', (readme) => {
    expect(commandsOf(readme)).toEqual(expect.arrayContaining(Object.keys(RUNS)));
    expect(commandsOf(readme)).toHaveLength(Object.keys(RUNS).length);
  });

  it.each(Object.keys(RUNS))('%s works', (command) => {
    const { status, output } = RUNS[command]();
    expect(status, output).toBe(0);
  });

  it.each(LISTED)('kd %s can be typed as it is listed', (listed) => {
    for (const readme of LANGUAGES) expect(readFileSync(join(ROOT, readme), 'utf8')).toContain(`\`kd ${listed}\``);
    const { status, output } = run([...listed.split(' '), ...(listed.startsWith('prepare') ? TINY : [])]);
    expect(status, output).toBe(0);
  });
});
