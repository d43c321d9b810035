import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { size, stopwatch } from './amounts.mjs';
import { SetupError, TensorflowUnavailable } from './errors.mjs';
import { linkTarget, replaceLink } from './links.mjs';
import { ownLibrary } from './own-library.mjs';
import { failureLine, run } from './processes.mjs';
import { stageFolder } from './staging.mjs';

/** @import { Bundle } from './bundle/open.mjs' */
/** @import { Distribution, Wheel } from './distributions.mjs' */
/** @import { Result } from './processes.mjs' */
/** @import { Project } from './project.mjs' */

/**
 * A file of CUDA's, and the wheel that it came with.
 *
 * @typedef {{ path: string, package: string, version: string }} CudaFile
 */

/**
 * A libtensorflow on disk.
 *
 * @typedef {object} Library
 * @property {string} identity tells it from others
 * @property {string} lib a folder
 * @property {string} include a folder
 * @property {readonly string[]} libraries files
 * @property {{ folder: string, files: Record<string, CudaFile> } | undefined} [cuda] what of CUDA lies beside it, by
 *   the names that the loader knows
 */

/**
 * One try, no other packages, no second copy in pip's own cache. pip's default of five tries takes minutes wherever
 * one of several configured indexes is out of reach.
 */
const PIP_FLAGS = [
  ...['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--disable-pip-version-check'],
  ...['--retries', '0', '--timeout', '20'],
];

/**
 * The libtensorflow on disk: the user's own if TF_LIBRARY_DIR names one (throws `SetupError` if that lacks something),
 * else the distribution's in the cache, or undefined if that is not all there yet.
 *
 * @param {Project} project
 * @param {Distribution} distribution
 * @returns {Library | undefined}
 */
export function findLibrary({ env, cache }, distribution) {
  if (env.TF_LIBRARY_DIR) return ownLibrary(env.TF_LIBRARY_DIR);
  const folder = distributionFolder(cache, distribution);
  const isThere = distribution.wheels.every((wheel) => isUnpacked(folder, wheel)) && isLinked(folder, distribution);
  return isThere ? libraryOf(cache, distribution) : undefined;
}

/**
 * What an addon for the distribution's libtensorflow is known by, before that is downloaded too.
 *
 * @param {Distribution} distribution
 * @param {Library | undefined} library
 */
export function libraryIdentity(distribution, library) {
  return library === undefined ? distribution.wheels[0].sha256 : library.identity;
}

/**
 * Takes the distribution's wheels out of the bundle; or downloads them with pip, checks them, unpacks what is needed
 * into the cache and deletes them.
 * One wheel after the other: whoever is interrupted has lost no more than the wheel in hand.
 *
 * @param {Project} project
 * @param {Distribution} distribution
 * @param {string} python a Python that has pip
 * @param {number} [lock]
 * @throws {SetupError} if the bundle is damaged or not for this distribution
 * @throws {TensorflowUnavailable} if there is no room, or pip cannot get a wheel, or gets another file than the
 *   official one
 */
export async function fetchLibrary(project, distribution, python, lock) {
  const { cache } = project;
  const folder = distributionFolder(cache, distribution);
  const missing = distribution.wheels.filter((wheel) => !isUnpacked(folder, wheel));
  if (missing.length > 0) checkRoom(project, distribution, missing);
  if (project.bundle === undefined) announce(project, distribution, missing);
  for (const wheel of missing) {
    if (project.bundle !== undefined) {
      await takeFromBundle(project, project.bundle, wheel, join(folder, wheel.folder), lock);
      continue;
    }
    const download = join(cache, `${wheel.package}-${wheel.version}-${wheel.sha256.slice(0, 12)}.wheel`);
    // It is there already if set-up was interrupted before it was unpacked.
    if (wheelIn(download) === undefined)
      await stageFolder(download, (partial) => downloadWheel(project, wheel, python, partial, lock));
    await stageFolder(join(folder, wheel.folder), async (partial) => {
      await unpackWheel(project, wheel, python, wheelOf(download), partial, lock);
      rmSync(download, { recursive: true });
    });
  }
  for (const [link, target] of Object.entries(distribution.links)) replaceLink(join(folder, link), target);
  return libraryOf(cache, distribution);
}

/**
 * What a bundle calls what is unpacked of a wheel.
 *
 * @param {Wheel} wheel
 */
export function wheelArchive({ package: name, version, sha256 }) {
  return `${name} ${version} ${sha256}`;
}

/**
 * The paths of all that is unpacked of a wheel; none where nothing of it is wanted.
 *
 * @param {Wheel} wheel
 */
export function wheelFiles({ files, headers }) {
  return [...Object.keys(files), ...headers];
}

/**
 * @param {Project} project
 * @param {Bundle} bundle
 * @param {Wheel} wheel
 * @param {string} target
 * @param {number} [lock]
 */
async function takeFromBundle(project, bundle, wheel, target, lock) {
  await stageFolder(target, async (partial) => {
    await bundle.unpack(wheelArchive(wheel), partial, { ...project, lock });
    if (!isComplete(partial, wheel))
      throw new SetupError(
        `--from ${bundle.folder}: its ${wheel.package} ${wheel.version} lacks files; make the bundle again`,
      );
  });
}

/**
 * Names the download in records of what failed. Another index may serve another file; its address may hold a password.
 *
 * @param {Project} project
 * @param {Wheel} wheel
 */
export function downloadAttempt({ env }, wheel) {
  const source = createHash('sha256').update(`${wheel.sha256} ${env.PIP_INDEX_URL}`).digest('hex');
  return `download ${wheel.package} ${wheel.version}, ${source}`;
}

/**
 * Bytes that a wheel's files take.
 *
 * @param {Wheel} wheel
 */
function unpackedBytes(wheel) {
  return sum(Object.values(wheel.files));
}

/**
 * Says what several wheels come to; a single one says it itself.
 *
 * @param {Project} project
 * @param {Distribution} distribution
 * @param {readonly Wheel[]} missing
 */
function announce({ root, say }, { version, device }, missing) {
  if (missing.length < 2) return;
  const [download, disk] = [sum(missing.map(({ bytes }) => bytes)), sum(missing.map(unpackedBytes))];
  const isClone = existsSync(join(root, 'src')); // an installed kd comes compiled
  const setup = isClone ? 'npm run setup --' : 'kd setup';
  const wayOut = device === 'gpu' ? `; \`${setup} --device cpu\` takes the one for processors instead` : '';
  say(
    `libtensorflow ${version} and CUDA: ${missing.length} wheels, ` +
      `${size(download)} to download, ${size(disk)} on disk${wayOut}`,
  );
}

/**
 * @param {Project} project
 * @param {Distribution} distribution
 * @param {readonly Wheel[]} missing
 */
function checkRoom({ cache, freeBytes = freeBytesIn, bundle }, { version, device }, missing) {
  const download = bundle === undefined ? Math.max(...missing.map(({ bytes }) => bytes)) : 0;
  const needed = sum(missing.map(unpackedBytes)) + download;
  const free = freeBytes(cache);
  if (free >= needed) return;
  const build = device === 'gpu' ? `libtensorflow ${version} with CUDA` : `libtensorflow ${version}`;
  throw new TensorflowUnavailable(
    `${build} takes ${size(needed)} of disk in ${cache}, and ${size(free)} are free`,
    'make room there, or set XDG_CACHE_HOME to a folder on a larger disk, and run this again',
  );
}

/** @param {string} folder */
function freeBytesIn(folder) {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/**
 * @param {Project} project
 * @param {Wheel} wheel
 * @param {string} python
 * @param {string} folder
 * @param {number} [lock]
 */
async function downloadWheel(project, wheel, python, folder, lock) {
  const { env, say, terminal } = project;
  const elapsed = stopwatch();
  say(`${title(wheel)}: downloading ${size(wheel.bytes)} …`);
  const args = [
    '-m',
    'pip',
    'download',
    ...PIP_FLAGS,
    ...wheel.tags,
    '--dest',
    folder,
    `${wheel.package}==${wheel.version}`,
  ];
  // pip keeps the unfinished file in TMPDIR: here it goes with the folder if set-up is killed.
  const pipEnv = { ...env, PIP_REQUIRE_VIRTUALENV: '0', TMPDIR: folder };
  const result = await run(python, args, { env: pipEnv, showOutput: terminal, lock });
  if (result.status !== 0) throw downloadFailure(wheel, result);
  await checkWheel(project, wheel, wheelOf(folder));
  say(`${title(wheel)}: downloaded in ${elapsed()}`);
}

/**
 * @param {Wheel} wheel
 * @param {Result} result
 */
function downloadFailure({ package: name, version }, result) {
  if (/from versions: (none)?\)/.test(result.stderr)) {
    return new TensorflowUnavailable(
      `the Python package index cannot be reached, or has no ${name}`,
      'connect to the network, or set PIP_INDEX_URL to an index that can be reached, and run this again',
    );
  }
  const line = failureLine(result, /^ERROR: (?!Exception:)/).replace(/^ERROR: /, '');
  return new TensorflowUnavailable(`pip cannot download ${name} ${version} (${line})`, 'mend that and run this again');
}

/**
 * @param {Project} project
 * @param {Wheel} wheel
 * @param {string} file
 */
async function checkWheel(project, wheel, file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const sha256 = hash.digest('hex');
  if (sha256 === wheel.sha256) return;
  throw new TensorflowUnavailable(
    `the package index served another ${wheel.package} ${wheel.version} than the official one ` +
      `(expected sha256 ${wheel.sha256}, got ${sha256})`,
    'set PIP_INDEX_URL to an index that serves the official file, ' +
      'or remove node_modules/.kd-setup.json to try this one anew',
    downloadAttempt(project, wheel),
  );
}

/**
 * @param {Project} project
 * @param {Wheel} wheel
 * @param {string} python
 * @param {string} file
 * @param {string} folder
 * @param {number} [lock]
 */
async function unpackWheel({ env, say }, wheel, python, file, folder, lock) {
  const elapsed = stopwatch();
  say(`${title(wheel)}: unpacking ${size(unpackedBytes(wheel))} …`);
  const members = [...Object.keys(wheel.files), ...wheel.headers].map((path) => `${memberOf(wheel, path)}=${path}`);
  const script = fileURLToPath(new URL('unpack-wheel.py', import.meta.url));
  const result = await run(python, [script, file, folder, ...members], { env, lock });
  if (result.status !== 0) {
    const line = failureLine(result, /^\w*Error\b/);
    throw new TensorflowUnavailable(
      `the ${wheel.package} wheel cannot be unpacked (${line})`,
      'mend that and run this again',
    );
  }
  say(`${title(wheel)}: unpacked in ${elapsed()}`);
}

/**
 * `libtensorflow 2.21.0`, `nvidia-cublas-cu12 12.9.3.13`
 *
 * @param {Wheel} wheel
 */
function title({ package: name, version }) {
  return `${name.startsWith('tensorflow') ? 'libtensorflow' : name} ${version}`;
}

/**
 * @param {Wheel} wheel
 * @param {string} path
 */
function memberOf({ folder, from }, path) {
  const [first = ''] = path.split('/', 1);
  return from === undefined ? `${folder}/${path}` : `${from[first]}${path.slice(first.length)}`;
}

/**
 * @param {string} folder
 * @param {Wheel} wheel
 */
function isUnpacked(folder, wheel) {
  return isComplete(join(folder, wheel.folder), wheel);
}

/**
 * @param {string} folder the wheel's own
 * @param {Wheel} wheel
 */
function isComplete(folder, { files }) {
  return Object.entries(files).every(([path, bytes]) => fileSize(join(folder, path)) === bytes);
}

/**
 * @param {string} folder
 * @param {Distribution} distribution
 */
function isLinked(folder, { links }) {
  return Object.entries(links).every(([link, target]) => linkTarget(join(folder, link)) === target);
}

/**
 * A folder a distribution. A wheel of another version changes its name, so that no other clone's is touched.
 *
 * @param {string} cache
 * @param {Distribution} distribution
 */
function distributionFolder(cache, { version, wheels: [first, ...others] }) {
  const parts = others.map(({ sha256 }) => sha256);
  const key =
    others.length === 0
      ? first.sha256
      : createHash('sha256')
          .update([first.sha256, ...parts].join('\n'))
          .digest('hex');
  return join(cache, `libtensorflow-${version}-${key.slice(0, 12)}`);
}

/**
 * @param {string} cache
 * @param {Distribution} distribution
 * @returns {Library}
 */
function libraryOf(cache, distribution) {
  const folder = distributionFolder(cache, distribution);
  const [wheel, ...others] = distribution.wheels;
  const root = join(folder, wheel.folder);
  const libraries = Object.keys(wheel.files).map((path) => join(root, path));
  return {
    identity: wheel.sha256,
    lib: join(root, 'lib'),
    include: join(root, 'include'),
    libraries,
    cuda: cudaOf(folder, others),
  };
}

/**
 * What of CUDA lies beside a libtensorflow, by the names that the loader knows: where, and of which version.
 *
 * @param {string} folder
 * @param {readonly Wheel[]} wheels
 */
function cudaOf(folder, wheels) {
  const [first] = wheels;
  if (first === undefined) return undefined;
  /** @type {Record<string, CudaFile>} */
  const files = {};
  for (const { package: name, version, folder: part, files: sizes } of wheels) {
    for (const path of Object.keys(sizes))
      files[basename(path)] = { path: join(folder, part, path), package: name, version };
  }
  return { folder: dirname(join(folder, first.folder)), files };
}

/** @param {string} file */
function fileSize(file) {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

/** @param {string} folder */
function wheelIn(folder) {
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
  return name === undefined ? undefined : join(folder, name);
}

/**
 * The wheel in a folder where one must be.
 *
 * @param {string} folder
 */
function wheelOf(folder) {
  const file = wheelIn(folder);
  if (file === undefined) throw new TensorflowUnavailable(`pip left no wheel in ${folder}`, 'run this again');
  return file;
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
