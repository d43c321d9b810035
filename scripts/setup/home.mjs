/**
 * Where an installed kd runs. npm would run the install scripts of the packages that kd needs, three of which download
 * from elsewhere (a libtensorflow of 2022, libvips, CUDA for ONNX Runtime) and fail behind proxies; and a global folder
 * may belong to root. So the package that npm installs depends on nothing, and its files are copied to the user's
 * cache, as a clone without sources, where set-up does what it does in a clone.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheHome } from './cache-home.mjs';
import { SetupError } from './errors.mjs';
import { stageFolder } from './staging.mjs';

const LOCK = 'package-lock.json';
/** What kd runs on, of the package's files. */
const FILES = ['bin', 'data', 'dist', 'native', 'scripts', 'package.json'];

/**
 * Whether `root` is set up where it is: a clone, or a home. npm packs no lock file.
 *
 * @param {string} root
 */
export function isClone(root) {
  return existsSync(join(root, LOCK));
}

/**
 * The folder in the user's cache from which the package in `root` runs; another version has another.
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
  // the sources' stamp stands for the compiled files
  for (const file of ['package.json', `dist/${LOCK}`, 'dist/.sources']) hash.update(textOf(join(root, file)));
  const { version } = JSON.parse(textOf(join(root, 'package.json')));
  return join(cacheHome(env), 'kd', `kd-${version}-${hash.digest('hex').slice(0, 12)}`);
}

/**
 * Whether set-up has been through in a home.
 *
 * @param {string} home
 */
export function isHomeReady(home) {
  return existsSync(join(home, 'node_modules', '.package-lock.json')) && existsSync(join(home, 'dist', 'cli.js'));
}

/**
 * Makes the home of the package in `root`, if it is not there.
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
