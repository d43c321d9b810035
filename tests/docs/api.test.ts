/** @file The examples of docs/api.md, in an empty project into which the packed package was put. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');

const EXAMPLES = [...readFileSync(join(ROOT, 'docs/api.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
  ([, code]) => code,
);

/** An empty project with the package as `npm pack` makes it; its dependencies are those that are installed here. */
function emptyProject(): string {
  const folder = temporaryFolder();
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const into = join(folder, 'node_modules/kd');
  mkdirSync(into, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, packed.trim()), '-C', into, '--strip-components', '1']);
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    object
  >;
  const types = readdirSync(join(MODULES, '@types')).map((name) => `@types/${name}`);
  for (const name of new Set([...Object.keys(dependencies), ...types.filter((name) => name in devDependencies)])) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
    symlinkSync(join(MODULES, name), join(folder, 'node_modules', name));
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2022',
        module: 'NodeNext',
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: true,
        types: ['node'],
        outDir: 'built',
      },
      include: ['*.ts'],
    }),
  );
  return folder;
}

test('the examples are type-checked and run in an empty project with the packed package', () => {
  expect(EXAMPLES).toHaveLength(3);
  const project = emptyProject();
  EXAMPLES.forEach((code, i) => {
    writeFileSync(join(project, `example-${i}.ts`), code);
  });
  execFileSync(process.execPath, [join(MODULES, 'typescript/bin/tsc')], { cwd: project, stdio: 'pipe' });
  const [trained, encoded, evaluated] = EXAMPLES.map((_, i) =>
    execFileSync(process.execPath, [join('built', `example-${i}.js`)], {
      cwd: project,
      encoding: 'utf8',
      stdio: 'pipe',
    }),
  );
  const losses = [...trained.matchAll(/^validation loss (\S+)$/gm)].map(([, loss]) => Number(loss));
  expect(losses).toHaveLength(2);
  expect(losses[1]).toBeLessThan(losses[0]);
  expect(trained).toContain(`6 ${losses[1]}`);
  const [same, other] = encoded.trim().split(' ').map(Number);
  expect(Math.abs(same)).toBeLessThanOrEqual(1);
  expect(Math.abs(other)).toBeLessThanOrEqual(1);
  expect(evaluated).toMatch(/^clip [\d.]+$/m);
  expect(evaluated).toMatch(/^from-code:best [\d.]+$/m);
  expect(readdirSync(join(project, 'exported'))).toContain('README.md');
}, 300_000);
