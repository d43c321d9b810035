/** @file The workflow of continuous integration: its structure, and that it runs what there is. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { kd, temporaryFolder } from '../cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TEXT = readFileSync(join(ROOT, '.github/workflows/ci.yml'), 'utf8');
const LINES = TEXT.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
const { scripts, engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};

const valuesOf = (key: string): string[] =>
  [...TEXT.matchAll(new RegExp(`^ *(?:- )?${key}: (.+)$`, 'gm'))].map(([, value]) => value);
const indentOf = (line: string): number => /^ */.exec(line)![0].length;

describe('.github/workflows/ci.yml', () => {
  it('is a mapping of keys, indented by twos, of the parts of a workflow', () => {
    let [block, previous] = [Infinity, 0];
    for (const line of LINES) {
      const indent = indentOf(line);
      if (indent > block) continue; // text of a block
      block = line.endsWith(': |') ? indent : Infinity;
      expect(line, line).toMatch(/^ *(?:- )?[\w-]+:(?: \S.*)?$/);
      expect(indent % 2, line).toBe(0);
      expect(indent - previous, line).toBeLessThanOrEqual(/^ *- /.test(line) ? 2 : 4);
      previous = indent;
    }
    const top = LINES.filter((line) => indentOf(line) === 0).map((line) => line.split(':')[0]);
    expect(top).toEqual(['name', 'on', 'permissions', 'concurrency', 'jobs']);
    const jobs = LINES.slice(LINES.indexOf('jobs:')).filter((line) => indentOf(line) === 2);
    expect(jobs).toEqual(['  gate:', '  smoke:']);
    expect(valuesOf('runs-on')).toHaveLength(jobs.length);
  });

  it('pins actions by their major version', () => {
    const actions = valuesOf('uses');
    expect(actions.length).toBeGreaterThan(4);
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
  });

  it('runs on the supported versions of Node', () => {
    const [versions] = valuesOf('node');
    expect(versions).toBe('[20, 22, 24]');
    expect(engines.node).toMatch(/^>=20\./);
  });

  it('runs commands that exist', () => {
    const commands = valuesOf('run');
    expect(commands).toContain('.ci/run');
    for (const command of commands) {
      const [name, ...args] = command.split(' ');
      if (name === 'npm') expect(scripts).toHaveProperty(args[0] === 'run' ? args[1] : args[0]);
      else if (name === 'node') expect(existsSync(join(ROOT, args[0])), command).toBe(true);
      else accessSync(join(ROOT, name), constants.X_OK);
    }
  });

  it('uploads what the smoke run writes, and hashes files that exist', () => {
    const [command] = valuesOf('run').filter((run) => run.startsWith('node bin/kd.js '));
    const cwd = temporaryFolder();
    const { code, stderr } = kd(command.split(' ').slice(2), { cwd });
    expect(code, stderr).toBe(0);
    const [, paths] = /path: \|\n((?: +\S+\n)+?) +if-no-files-found: error/.exec(TEXT)!;
    for (const path of paths.trim().split(/\s+/)) expect(existsSync(join(cwd, path)), path).toBe(true);
    for (const [, hashed] of TEXT.matchAll(/hashFiles\(([^)]+)\)/g))
      for (const [, path] of hashed.matchAll(/'([^']+)'/g))
        expect(existsSync(join(ROOT, path.replace('/**', ''))), path).toBe(true);
  });
});
