import { createHash } from 'node:crypto';
import { existsSync, rmSync, statfsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { size, sum } from './amounts.mjs';
import { TensorflowUnavailable } from './errors.mjs';
import { linkTarget, replaceLink } from './links.mjs';
import { ownLibrary } from './own-library.mjs';
import { shellWord } from './processes.mjs';
import { stageFolder } from './staging.mjs';
import { downloadWheel, wheelIn, wheelOf } from './wheel-download.mjs';
import { isUnpacked, takeFromBundle, unpackedBytes, unpackWheel } from './wheels.mjs';

/** @import { Distribution, Wheel } from './distributions.mjs' */
/** @import { Project } from './project.mjs' */

/**
 * A file of CUDA, and the wheel that it came with.
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
 * The libtensorflow on disk: the user's own if TF_LIBRARY_DIR names one (throws `SetupError` if that lacks something),
 * otherwise the distribution's in the cache, or undefined if that is incomplete.
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
 * The identity of a distribution's libtensorflow for addons, known even before it is downloaded.
 *
 * @param {Distribution} distribution
 * @param {Library | undefined} library
 */
export function libraryIdentity(distribution, library) {
  return library === undefined ? distribution.wheels[0].sha256 : library.identity;
}

/**
 * Gets the distribution's wheels, from the bundle or else with pip: downloads, checks, unpacks what is needed into the
 * cache, and deletes them. One wheel at a time, so that an interruption loses at most the current one.
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
    // It already exists if set-up was interrupted before unpacking it.
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
 * Announces the total of several wheels; a single one is announced by its download.
 *
 * @param {Project} project
 * @param {Distribution} distribution
 * @param {readonly Wheel[]} missing
 */
function announce({ root, say, bundleFolder }, { version, device }, missing) {
  if (missing.length < 2) return;
  const [download, disk] = [sum(missing.map(({ bytes }) => bytes)), sum(missing.map(unpackedBytes))];
  const isClone = existsSync(join(root, 'src')); // an installed kd comes compiled
  const into = bundleFolder === undefined ? '' : ` --bundle ${shellWord(bundleFolder)}`;
  const setup = `${isClone ? 'npm run setup --' : 'kd setup'}${into}`;
  const wayOut = device === 'gpu' ? `; \`${setup} --device cpu\` takes the CPU build instead` : '';
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
 * @param {string} folder
 * @param {Distribution} distribution
 */
function isLinked(folder, { links }) {
  return Object.entries(links).every(([link, target]) => linkTarget(join(folder, link)) === target);
}

/**
 * A distribution's folder. Its name depends on the wheels' versions, so that no other clone's folder is changed.
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
 * The CUDA libraries beside a libtensorflow, by their names for the loader: their paths and versions.
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
