/** @file The command lines of the scripts that developers type. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const SCRIPTS = join(import.meta.dirname, '../../scripts');

/** The scripts that read a command line of their own. */
const WITH_FLAGS = readdirSync(SCRIPTS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.mjs') && !name.startsWith('setup'))
  .filter((name) => /\breadArguments\(\n? *import\.meta/.test(readFileSync(join(SCRIPTS, name), 'utf8')));

function run(script: string, ...args: string[]) {
  return spawnSync(process.execPath, [join(SCRIPTS, script), ...args], { encoding: 'utf8' });
}

it('is read in one place', () => {
  expect(WITH_FLAGS.length).toBeGreaterThan(15);
  const others = readdirSync(SCRIPTS, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.mjs') && readFileSync(join(SCRIPTS, name), 'utf8').includes('parseArgs('),
  );
  expect(others.sort()).toEqual(['arguments.mjs', 'setup/choice.mjs']);
});

describe.each(WITH_FLAGS)('%s', (script) => {
  it('explains itself with --help', () => {
    const { status, stdout, stderr } = run(script, '--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`(node scripts/${script}|npm run (bench|check:gpu))( |\\n)`));
    expect(stdout).not.toMatch(/^ ?\*|\/\*\*|^import/m);
  });

  it('refuses an unknown flag in one line', () => {
    const { status, stdout, stderr } = run(script, '--no-such-flag');
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toBe("error: Unknown option '--no-such-flag'; --help shows what this script takes\n");
  });
});

it.each([
  ['bench/index.mjs', ['--batch', 'many'], '--batch: expected values separated by commas, each a whole number of'],
  ['bench/index.mjs', ['--ours', 'compiled-fp32,nonsense'], '--ours: expected values separated by commas, each one of'],
  ['bench/index.mjs', ['--texts', 'real', '--ours', 'eager-fp32'], 'each one of default, grouped, dropout, cached,'],
  ['bench/index.mjs', ['--encode', '--theirs', 'eager'], '--theirs: expected values separated by commas, each one of'],
  ['bench/index.mjs', ['--models', 'huge'], '--models: expected one of full, tiny, got "huge"'],
  ['bench/index.mjs', ['--steps'], "Option '--steps <value>' argument missing; --help shows"],
  ['bench/index.mjs', ['extra'], "Unexpected argument 'extra'; --help shows"],
  ['bench/dropout.mjs', ['--ways', 'each,all'], '--ways: expected values separated by commas, each one of each,'],
  ['bench/speed-up.mjs', ['--hop', '-1'], "Option '--hop' argument is ambiguous; --help shows"],
  ['bench/speed-up.mjs', ['--hop=-1'], '--hop: expected a number above 0, got "-1"'],
  ['bench/pairs-csv.mjs', ['none', 'folder'], 'expected the number of rows and a folder, got none folder'],
  ['soak.mjs', ['--minutes', 'NaN'], '--minutes: expected a number above 0, got "NaN"'],
])('%s %j is refused in one line', (script, args, message) => {
  const { status, stdout, stderr } = run(script, ...args);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect(stderr).toContain(message);
});
