import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

it('scripts only import modules of dist/ that are built from src/', () => {
  const scripts = readdirSync(join(ROOT, 'scripts'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.mjs'),
  );
  const imported = scripts.flatMap((name) =>
    Array.from(
      readFileSync(join(ROOT, 'scripts', name), 'utf8').matchAll(/'#dist\/(.+)\.js'/g),
      ([, module]) => module,
    ),
  );
  expect(imported.length).toBeGreaterThan(30);
  expect(imported.filter((module) => !existsSync(join(ROOT, 'src', `${module}.ts`)))).toEqual([]);
});
