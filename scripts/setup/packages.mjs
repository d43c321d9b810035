import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stopwatch } from './amounts.mjs';
import { SetupError } from './errors.mjs';
import { installPackages } from './npm.mjs';
import { startProgress } from './progress.mjs';
import { stageFolder } from './staging.mjs';

/** @import { Host } from './host.mjs' */
/** @import { Project } from './project.mjs' */
/**
 * @typedef LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string[]} [os] values of `process.platform`; absent for all
 * @property {string[]} [cpu] values of `process.arch`; absent for all
 */

/** Their name in a bundle. */
export const ARCHIVE = 'packages';

/**
 * Whether node_modules has what package-lock.json requires, by the record that npm writes there when it is done.
 *
 * Packages that are not in the lock file do no harm; optional ones that npm left out are for other systems.
 *
 * @param {Project} project
 */
export function isReady({ root }) {
  const installed = readPackages(installRecord(root));
  if (installed === undefined) return false;
  return Object.entries(lockedPackages(root)).every(([path, wanted]) => {
    const found = installed[path];
    if (found === undefined) return wanted.optional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity && existsSync(join(root, path));
  });
}

/**
 * Installs the packages of package-lock.json without running their install scripts: TensorFlow's would download a
 * libtensorflow of 2022. An incomplete installation has no record, and so is not ready. With a bundle, the installed
 * packages are copied from there.
 *
 * @param {Project} project
 * @param {number} [lock]
 * @throws {SetupError} if npm fails, or leaves packages out without an error, as it does on a full disk
 */
export async function prepare(project, lock) {
  const { root, say, bundle } = project;
  if (bundle !== undefined) {
    await stageFolder(join(root, 'node_modules'), (partial) => bundle.unpack(ARCHIVE, partial, { ...project, lock }));
    return;
  }
  const elapsed = stopwatch();
  const paths = pathsFor(project.host, lockedPackages(root));
  say(`npm packages: installing up to ${paths.length} …`);
  rmSync(installRecord(root), { force: true });
  const stop = startProgress(project, (time) => {
    const there = paths.filter((path) => existsSync(join(root, path, 'package.json')));
    return `npm packages: ${there.length} of up to ${paths.length} unpacked after ${time} …`;
  });
  await installPackages(project, lock).finally(stop);
  if (!isReady(project)) throw new SetupError(incomplete(root));
  say(`npm packages: ${Object.keys(readPackages(installRecord(root)) ?? {}).length} installed in ${elapsed()}`);
}

/**
 * Where npm may install packages on this system. It leaves out those for other systems, and some for this one: those
 * for another C library.
 *
 * @param {Host} host
 * @param {Readonly<Record<string, LockedPackage>>} packages
 */
function pathsFor({ platform, arch }, packages) {
  return Object.keys(packages).filter((path) => {
    const { os = [platform], cpu = [arch] } = packages[path] ?? {};
    return os.includes(platform) && cpu.includes(arch);
  });
}

/** @param {string} root */
function incomplete(root) {
  return (
    'the npm packages are not complete, though npm ci reported no error: it does so if the disk is full; ' +
    `make room in ${root} (df -h shows how much there is), and run this again`
  );
}

/**
 * The names in node_modules of the packages that npm installed, by its own record.
 *
 * @param {string} root
 */
export function installedNames(root) {
  const names = Object.keys(readPackages(installRecord(root)) ?? {}).map(
    (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path,
  );
  return [...new Set(names)];
}

/**
 * Patterns of files in node_modules that this system does not open: ONNX Runtime's libraries for other values of
 * `process.platform` and `process.arch`, and source maps, which Node reads only with `--enable-source-maps`.
 *
 * @param {Host} host
 */
export function notOpened({ platform, arch }) {
  const others = ['darwin', 'linux', 'win32'].filter((name) => name !== platform);
  const architectures = ['x64', 'arm64'].filter((name) => name !== arch);
  const runtimes = 'onnxruntime-node*/bin/napi-v*';
  return [
    ...others.map((name) => `${runtimes}/${name}`),
    ...architectures.map((name) => `${runtimes}/${platform}/${name}`),
    '*.map',
  ];
}

/**
 * Identifies the packages of a package-lock.json.
 *
 * @param {string} root
 */
export function lockFingerprint(root) {
  const packages = Object.entries(lockedPackages(root)).map(([path, { version, integrity }]) => [
    path,
    version,
    integrity,
  ]);
  return createHash('sha256').update(JSON.stringify(packages.sort())).digest('hex');
}

/**
 * The version of kd in `root`.
 *
 * @param {string} root
 * @returns {string}
 */
export function ownVersion(root) {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}

/** @param {string} root */
function installRecord(root) {
  return join(root, 'node_modules', '.package-lock.json');
}

/** @param {string} root */
function lockedPackages(root) {
  const file = join(root, 'package-lock.json');
  const packages = readPackages(file);
  if (packages === undefined)
    throw new SetupError(
      `${file}: expected npm's lock file, found none that can be read; restore it from the repository`,
    );
  // The entry without a path is the project itself.
  return Object.fromEntries(Object.entries(packages).filter(([path]) => path !== ''));
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage> | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
