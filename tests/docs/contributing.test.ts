/** @file The commands of CONTRIBUTING.md: each is run here, or is what is running now. */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

const commands = [...PAGE.matchAll(/```sh\n([^]*?)```/g)]
  .flatMap(([, block]) => block.trim().split('\n'))
  .map((line) => line.replace(/\s+#.*$/, ''));

function run(command: string, args: readonly string[], cwd = ROOT): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  expect(status, stdout + stderr).toBe(0);
}

const RUNS: Readonly<Record<string, () => void>> = {
  'npm run setup': () => {
    run('npm', ['run', '--silent', 'setup']);
  },
  'npx vitest run tests/distill/schedule.test.ts': () => {
    run('npx', ['vitest', 'run', 'tests/distill/schedule.test.ts']);
  },
  'npm run format': () => {
    // elsewhere, as it writes
    const cwd = temporaryFolder();
    cpSync(join(ROOT, '.oxfmtrc.json'), join(cwd, '.oxfmtrc.json'));
    writeFileSync(join(cwd, 'a.ts'), 'export const  a = "b"');
    const [oxfmt, ...flags] = scripts.format.split(' ');
    run(join(ROOT, 'node_modules/.bin', oxfmt), flags, cwd);
    expect(readFileSync(join(cwd, 'a.ts'), 'utf8')).toBe("export const a = 'b';\n");
  },
  // What `npm test` runs before the tests; the whole would take a minute here.
  'npm run lint': () => {
    expect(scripts.test).toMatch(/ run-p .*\blint\b.* && vitest run$/);
  },
  'npm run typecheck': () => {
    expect(scripts.test).toMatch(/ run-p .*\btypecheck\b.* && vitest run$/);
  },
  'npm test': () => {
    expect(scripts.test).toMatch(/vitest run$/); // what is running now
  },
  '.ci/run': () => {
    run('bash', ['-n', '.ci/run']);
    expect(readFileSync(join(ROOT, '.ci/run'), 'utf8')).toMatch(/^exec npm test\b/m);
  },
};

describe('CONTRIBUTING.md', () => {
  it('shows exactly the commands that are run here', () => {
    expect(commands).toEqual(Object.keys(RUNS));
  });

  it.each(Object.keys(RUNS))('%s works', (command) => {
    RUNS[command]();
  });

  it('names npm scripts that exist', () => {
    const named = [...PAGE.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
