/** @file The table of errors in docs/api.md has every code, and the classes that the library exports. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as kd from '../../src/index.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The codes and classes of the table: `NOT_SAVED`, `NotSavedError`. */
const LISTED = readFileSync(join(ROOT, 'docs/api.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, codes, name] = /^\| ((?:`[A-Z_]+`(?:, )?)+) \| `(\w+)`/.exec(line) ?? [];
    return [...(codes ?? '').matchAll(/[A-Z_]+/g)].map(([code]) => ({ code, name }));
  });

/** The codes that classes of the sources have. */
function codesOfSources(): string[] {
  const folder = join(ROOT, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/readonly code(?:: string)? = '(\w+)'/g)])
    .map(([, code]) => code);
}

it('lists every code', () => {
  const codes = codesOfSources().filter((code) => code !== 'STOPPED'); // a command's; programs get the signal's reason
  expect(LISTED.map(({ code }) => code).sort()).toEqual([...codes, 'INPUT', 'SYSTEM'].sort());
});

it('lists the classes that the library exports, which are named like their objects', () => {
  const exported = Object.entries(kd).filter(([name]) => name.endsWith('Error'));
  expect(exported.map(([name]) => name).sort()).toEqual([...new Set(LISTED.map(({ name }) => name))].sort());
  for (const [name, made] of exported) expect(made).toHaveProperty('name', name);
  expect(new kd.OutOfMemoryError('memory ran out')).toMatchObject({ name: 'OutOfMemoryError', code: 'OUT_OF_MEMORY' });
});
