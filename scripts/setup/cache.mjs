import { mkdirSync } from 'node:fs';
import { ADDONS, addonKey, buildAddon, compileAttempt } from './addon.mjs';
import { findAddon, isInBundle, unpackAddon } from './addon-cache.mjs';
import { TensorflowUnavailable } from './errors.mjs';
import { hostMismatch } from './host.mjs';
import { fetchLibrary, findLibrary, libraryIdentity } from './libtensorflow.mjs';
import { withLock } from './lock.mjs';
import { startProgress, waitFor } from './progress.mjs';
import { refuseRepetition } from './status.mjs';
import { compilerIdentity, findTools } from './tools.mjs';
import { downloadAttempt } from './wheel-download.mjs';
import { wheelArchive, wheelFiles } from './wheels.mjs';

/** @import { Wanted } from './addon-cache.mjs' */
/** @import { Distribution } from './distributions.mjs' */
/** @import { Library } from './libtensorflow.mjs' */
/** @import { Command } from './processes.mjs' */
/** @import { Project } from './project.mjs' */

/**
 * Finds libtensorflow and the addons in the cache, or gets them, while holding the cache's lock.
 *
 * @param {Project} project
 * @param {Distribution} distribution
 * @param {{ recompiles?: boolean }} [options] whether the addons are compiled even if they are there
 * @throws {TensorflowUnavailable} if they are not available
 */
export async function fillCache(project, distribution, { recompiles = false } = {}) {
  mkdirSync(project.cache, { recursive: true });
  const onWait = (/** @type {string} */ who) => waitFor(project, `${who} is filling the cache`);
  return withLock(project.cache, onWait, (lock) => findOrGet(project, distribution, recompiles, lock));
}

/**
 * Checks first that all tools for both exist.
 *
 * @param {Project} project
 * @param {Distribution} distribution
 * @param {boolean} recompiles
 * @param {number} [lock]
 */
async function findOrGet(project, distribution, recompiles, lock) {
  let library = findLibrary(project, distribution);
  if (library === undefined) {
    refuseHost(project, distribution);
    demandWheels(project, distribution);
  }
  const identity = libraryIdentity(distribution, library);
  const compiledBy = await compilerIdentity(project.env);
  const wanted = ADDONS.map((addon) => ({ addon, key: addonKey(project, addon, identity), compiler: compiledBy }));
  const { bundle } = project;
  const toCompile = wanted.filter(
    (each) => recompiles || (findAddon(project, each) === undefined && !isInBundle(project, each)),
  );
  const needed = { python: library === undefined && bundle === undefined, compiler: toCompile.length > 0 };
  const tools = await findTools(project.env, needed);
  for (const { key } of toCompile) refuseRepetition(project.root, compileAttempt(key, tools.compiler));
  if (needed.python)
    for (const wheel of distribution.wheels) refuseRepetition(project.root, downloadAttempt(project, wheel));
  library ??= await fetchLibrary(project, distribution, tools.python, lock);
  const { compiler } = tools;
  return { library, addons: await findOrBuild(project, wanted, library, { compiler, recompiles }, lock) };
}

/**
 * The addons from the cache or the bundle; those in neither, or all, are compiled side by side. Waits for all of them,
 * even if one fails.
 *
 * @param {Project} project
 * @param {readonly Wanted[]} wanted
 * @param {Library} library
 * @param {{ compiler: Command, recompiles: boolean }} how
 * @param {number} [lock]
 */
async function findOrBuild(project, wanted, library, { compiler, recompiles }, lock) {
  /** @type {Set<string>} */
  const atWork = new Set();
  const stop = startProgress(project, (elapsed) => `${[...atWork].join(', ')}: compiling for ${elapsed} …`);
  const outcomes = await Promise.allSettled(
    wanted.map(async (each) => {
      const found = recompiles ? undefined : (findAddon(project, each) ?? (await unpackAddon(project, each, lock)));
      if (found !== undefined) return { ...each, path: found };
      atWork.add(each.addon.title);
      const path = await buildAddon(project, each, library, compiler, lock);
      atWork.delete(each.addon.title);
      return { ...each, path };
    }),
  ).finally(stop);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/**
 * Throws if a bundle is used that lacks a wheel.
 *
 * @param {Project} project
 * @param {Distribution} distribution
 */
function demandWheels({ bundle }, { wheels }) {
  for (const wheel of wheels) {
    if (wheelFiles(wheel).length > 0) bundle?.demand(wheelArchive(wheel));
  }
}

/**
 * Throws if a distribution is built for a different system.
 *
 * @param {Project} project
 * @param {Distribution} distribution
 */
function refuseHost({ host, bundleFolder }, distribution) {
  const mismatch = hostMismatch(host, distribution.host);
  if (mismatch === undefined) return;
  throw new TensorflowUnavailable(
    mismatch,
    bundleFolder === undefined
      ? 'set TF_LIBRARY_DIR to the folder of a libtensorflow that was built for this system, if you have one'
      : 'make the bundle on a system like that',
  );
}
