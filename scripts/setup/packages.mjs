import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stopwatch } from './amounts.mjs';
import { SetupError } from './errors.mjs';
import { failureLine, NOT_FOUND, run } from './processes.mjs';
import { stageFolder } from './staging.mjs';

/** @import { Host } from './host.mjs' */
/** @import { Command, Env, Result } from './processes.mjs' */
/** @import { Project } from './project.mjs' */
/** @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockedPackage */

/** Their name in a bundle. */
export const ARCHIVE = 'packages';

const NETWORK_FAILURE =
  /E?(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH|HOSTUNREACH|SOCKET_TIMEOUT|NOTCACHED)\b/;

/**
 * NODE_ENV=production and omit=dev would leave out the compiler and headers that set-up itself needs; `npm start` with
 * `--silent` would keep npm from saying what went wrong; and npm's waits between attempts add up to over a minute.
 */
const INSTALL = [
  ...['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--prefer-offline', '--no-audit', '--no-fund'],
  ...['--loglevel=error', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=4000'],
];

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
 */
export async function prepare(project, lock) {
  const { root, env, say, bundle } = project;
  if (bundle !== undefined) {
    await stageFolder(join(root, 'node_modules'), (partial) => bundle.unpack(ARCHIVE, partial, { ...project, lock }));
    return;
  }
  const elapsed = stopwatch();
  const [command, ...args] = npmCommand(env);
  say(`npm packages: installing up to ${Object.keys(lockedPackages(root)).length} …`);
  rmSync(installRecord(root), { force: true });
  const result = await run(command, [...args, ...INSTALL], { cwd: root, env, lock });
  if (result.status !== 0) throw new SetupError(installFailure(result));
  say(`npm packages: ${Object.keys(readPackages(installRecord(root)) ?? {}).length} installed in ${elapsed()}`);
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

/**
 * The npm that is running this script, if any, otherwise the one on PATH.
 *
 * @param {Env} env
 * @returns {Command}
 */
function npmCommand(env) {
  const runner = env.npm_execpath;
  const isNpm = runner !== undefined && basename(runner) === 'npm-cli.js' && existsSync(runner);
  return isNpm ? [process.execPath, runner] : ['npm'];
}

/** @param {Result} result */
function installFailure(result) {
  if (result.status === NOT_FOUND) return 'npm is missing: install it, with Node.js 20 or newer, and run this again';
  const network = NETWORK_FAILURE.exec(result.stderr);
  if (network !== null) {
    return (
      `the npm packages are missing and the npm registry cannot be reached (${network[0]}): ` +
      'connect to the network and run this again'
    );
  }
  const line = failureLine(result, /^npm (error|ERR!) (?!code )/).replace(/^npm (error|ERR!) /, '');
  return `the npm packages cannot be installed (npm ci: ${line}): mend that and run this again`;
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
