/** @file The packed package in an empty project: what npm installs with it, set-up at first use, and docs/api.md. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { homeOf, makeHome } from '../../scripts/setup/home.mjs';
import { kd, temporaryFolder } from '../cli.js';
import { installPackage } from './installed.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');

const EXAMPLES = [...readFileSync(join(ROOT, 'docs/api.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
  ([, code]) => code,
);

let project: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  project = emptyProject();
  env = { ...process.env, XDG_CACHE_HOME: join(project, 'cache') };
}, 120_000);

const installed = (): string => join(project, 'node_modules/kd');
const run = (...args: string[]): string =>
  execFileSync(process.execPath, args, { cwd: project, env, encoding: 'utf8', stdio: 'pipe' });

/** An empty project with the package as `npm pack` makes it, and what its examples are compiled with. */
function emptyProject(): string {
  const folder = temporaryFolder();
  installPackage(folder);
  mkdirSync(join(folder, 'node_modules/@types'));
  symlinkSync(join(MODULES, '@types/node'), join(folder, 'node_modules/@types/node'));
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
        types: ['node'],
        outDir: 'built',
      },
      include: ['*.ts'],
    }),
  );
  return folder;
}

describe('the package that npm packs', () => {
  it('has no dependencies, so that npm runs no install scripts', () => {
    const packed = JSON.parse(readFileSync(join(installed(), 'package.json'), 'utf8')) as Record<string, unknown>;
    for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies'])
      expect(packed).not.toHaveProperty(kind);
  });

  it('holds documents, the compiled sources and the lock file', () => {
    for (const file of ['docs/install.md', 'dist/cli.js', 'dist/index.d.ts', 'dist/report/browser.js', 'native'])
      expect(existsSync(join(installed(), file)), file).toBe(true);
    expect(readFileSync(join(installed(), 'dist/package-lock.json'), 'utf8')).toBe(
      readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
    );
    expect(existsSync(join(installed(), 'src'))).toBe(false);
  });

  it.each([
    [{}, 'kd'],
    [{ npm_command: '' }, 'kd'],
    [{ npm_command: 'exec' }, 'npx kd'], // by npx
  ])('asks for `kd setup` before it is set up, in the form it was called: %j', (npm, name) => {
    const command = spawnSync(process.execPath, [join(installed(), 'bin/kd.js'), 'doctor'], {
      env: { ...env, ...npm },
      encoding: 'utf8',
    });
    const [, line] = command.stderr.split(/^error: kd: not set up yet; (?=[^\n]+\n$)/);
    expect(line).toMatch(
      new RegExp(`^run \`${name} setup\` once, .+ \\(\`${name} setup --device cpu\` without a GPU\\)\n$`),
    );
    expect(command.status).toBe(1);
  });

  it('asks for it as a library, too', () => {
    const library = spawnSync(process.execPath, ['--input-type=module', '-e', "import 'kd'"], {
      cwd: project,
      env,
      encoding: 'utf8',
    });
    expect(library.stderr).toContain('Error: kd: not set up yet; run `npx kd setup` once');
    expect(run(join(installed(), 'bin/kd.js'), 'setup', '--help')).toContain('--from <folder>');
  });

  it('is set up in a cache folder that is not shared with a different build of the package', async () => {
    const home = await makeHome(installed(), env);
    expect(home).toMatch(/cache\/kd\/kd-\d+\.\d+\.\d+-[0-9a-f]{12}$/);
    expect(readdirSync(home).sort()).toEqual(
      ['bin', 'data', 'dist', 'native', 'package-lock.json', 'package.json', 'scripts'].sort(),
    );
    symlinkSync(MODULES, join(home, 'node_modules')); // what set-up puts there
    const before = readFileSync(join(installed(), 'native/tf_session.cc'), 'utf8');
    writeFileSync(join(installed(), 'native/tf_session.cc'), '// mended');
    expect(homeOf(installed(), env)).not.toBe(home);
    writeFileSync(join(installed(), 'native/tf_session.cc'), before);
    expect(homeOf(installed(), env)).toBe(home);
  });

  it('then runs from there, and says how to set it up again', () => {
    expect(run(join(installed(), 'bin/kd.js'), '--version').trim()).toMatch(/^\d+\.\d+\.\d+$/);
    const help = kd(['setup', '--help'], { cwd: project });
    expect(help.stdout).toContain('kd setup --from kd-bundle');
    const command = pathToFileURL(join(homeOf(installed(), env), 'dist/base/setup-command.js')).href;
    const program = `import { setupCommand } from '${command}'; console.log(setupCommand('--device', 'cpu'))`;
    expect(run('--input-type=module', '-e', program)).toBe('`kd setup --device cpu`\n');
  });

  it('exports everything that the library has', () => {
    const names = (path: string): string =>
      run('--input-type=module', '-e', `console.log(Object.keys(await import('${path}')).sort().join())`);
    expect(names('kd')).toBe(names(pathToFileURL(join(ROOT, 'dist/index.js')).href));
  });

  it('runs the examples of docs/api.md, type-checked', () => {
    expect(EXAMPLES).toHaveLength(3);
    EXAMPLES.forEach((code, i) => {
      writeFileSync(join(project, `example-${i}.ts`), code);
    });
    run(join(MODULES, 'typescript/bin/tsc'));
    const [trained, encoded, evaluated] = EXAMPLES.map((_, i) => run(join('built', `example-${i}.js`)));
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
});
