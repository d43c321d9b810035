/**
 * Where an installed kd runs. npm would run the install scripts of kd's dependencies, three of which download from
 * elsewhere (a libtensorflow of 2022, libvips, CUDA for ONNX Runtime) and fail behind proxies; and a global folder may
 * belong to root. So the package that npm installs has no dependencies. Its files are copied to the user's cache, as a
 * clone without sources, where set-up works as in a clone.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheHome } from './cache-home.mjs';
import { SetupError } from './errors.mjs';
import { stageFolder } from './staging.mjs';

const LOCK = 'package-lock.json';
/** The files of the package that kd needs to run. */
const FILES = ['bin', 'data', 'dist', 'native', 'scripts', 'package.json'];

/**
 * Whether `root` is set up in place: a clone, or a home. npm does not pack the lock file.
 *
 * @param {string} root
 */
export function isClone(root) {
  return existsSync(join(root, LOCK));
}

/**
 * The folder in the user's cache from which the package in `root` runs; each version has its own.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export function homeOf(root, env) {
  const hash = createHash('sha256');
  for (const folder of ['bin', 'scripts', 'native']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).sort(byPath))
      if (entry.isFile()) hash.update(readFileSync(join(entry.parentPath, entry.name)));
  }
  // the sources' stamp represents the compiled files
  for (const file of ['package.json', `dist/${LOCK}`, 'dist/.sources']) hash.update(textOf(join(root, file)));
  const { version } = JSON.parse(textOf(join(root, 'package.json')));
  return join(cacheHome(env), 'kd', `kd-${version}-${hash.digest('hex').slice(0, 12)}`);
}

/**
 * Whether set-up has completed in a home.
 *
 * @param {string} home
 */
export function isHomeReady(home) {
  return existsSync(join(home, 'node_modules', '.package-lock.json')) && existsSync(join(home, 'dist', 'cli.js'));
}

/**
 * Creates the home of the package in `root`, if it does not exist.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @throws {SetupError} for a package that was packed before it was set up
 */
export async function makeHome(root, env) {
  if (!existsSync(join(root, 'dist', LOCK)))
    throw new SetupError(
      `${root}: expected the compiled sources in dist/, found none; make the package again: npm run setup, then ` +
        'npm pack',
    );
  const home = homeOf(root, env);
  if (!isClone(home)) {
    await stageFolder(home, async (partial) => {
      for (const name of FILES) cpSync(join(root, name), join(partial, name), { recursive: true });
      copyFileSync(join(root, 'dist', LOCK), join(partial, LOCK));
    });
  }
  return home;
}

/** @param {string} file */
function textOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/**
 * @param {{ parentPath: string, name: string }} a
 * @param {{ parentPath: string, name: string }} b
 */
function byPath(a, b) {
  const [left, right] = [join(a.parentPath, a.name), join(b.parentPath, b.name)];
  return left < right ? -1 : left > right ? 1 : 0;
}
