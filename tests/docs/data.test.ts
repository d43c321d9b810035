import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { kd, temporaryFolder } from '../cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/data.md'), 'utf8');
const TINY = ['--teacher', 'data/tiny/teacher', '--student', 'data/tiny/student'];
const JS = ['--backend', 'cpu'];

const blocks = (language: string): string[] =>
  [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, block]) => block);
const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));

let clone: string;
beforeAll(() => {
  clone = temporaryFolder();
  symlinkSync(join(ROOT, 'data'), join(clone, 'data'));
  mkdirSync(join(clone, 'downloads'));
  copyFileSync(join(ROOT, 'data/sample/방송콘텐츠.zip'), join(clone, 'downloads/방송콘텐츠.zip'));
  writeFileSync(join(clone, 'pairs.csv'), 'source,target\n차,a car\n배,a pear\n');
});

describe('docs/data.md', () => {
  it('shows commands', () => {
    expect(commands).toHaveLength(4);
  });

  it.each(commands)('%s', (command) => {
    const [npx, name, ...args] = command.split(' ');
    expect([npx, name]).toEqual(['npx', 'kd']);
    const models = args.includes('--teacher') ? [] : TINY; // in the place of the full-size ones
    const few = args[0] === 'train' ? ['--max-steps', '2', '--batch-size', '4', '--valid-pairs', '8', ...JS] : [];
    const { code, stderr } = kd([...args, ...models, ...few, '--quiet'], { cwd: clone });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('shows how Python reads the store', ({ skip }) => {
    const python = process.env.KD_PYTHON ?? 'python3';
    skip(spawnSync(python, ['-c', 'import pyarrow']).status !== 0, 'no Python with pyarrow here');
    const { status, stdout, stderr } = spawnSync(python, ['-c', blocks('python')[0]], { cwd: clone, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('teacher_en: list<item: uint16 not null> not null');
  });
});
