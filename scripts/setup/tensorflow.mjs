import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { ADDONS, addonKey, installedAddon, installedLibrary } from './addon.mjs';
import { fillCache } from './cache.mjs';
import { refusalOf, SetupError, TensorflowUnavailable } from './errors.mjs';
import { findLibrary } from './libtensorflow.mjs';
import { linkTarget, replaceCopy, replaceLink } from './links.mjs';
import { withProgress } from './progress.mjs';
import { OWN, readStatus, writeStatus } from './status.mjs';
import { checkSystemCuda } from './system-cuda.mjs';
import { compilerIdentity } from './tools.mjs';
import { chosen, distributionFor, driverFailure, isGpuWanted, lookForGpus } from './wanted-build.mjs';

/** @import { Addon } from './addon.mjs' */
/** @import { Wanted } from './addon-cache.mjs' */
/** @import { Library } from './libtensorflow.mjs' */
/** @import { Project } from './project.mjs' */
/** @import { Choice, Failure, Installed, LeftOut, Status } from './status.mjs' */

const COST = "training runs on tfjs's pure-JavaScript backend, tens of times slower";
const GPU_COST = 'training runs on the CPU';

/**
 * Whether the addons and libtensorflow are in place, and are those that this clone, its environment and its GPUs
 * require.
 *
 * @param {Project} project
 */
export async function isReady(project) {
  const status = readStatus(project.root);
  if (status?.backend !== 'tensorflow') return false;
  const choice = chosen(project, status);
  if (
    JSON.stringify(choice) !== JSON.stringify(status.choice) ||
    (status.device === OWN) !== Boolean(project.env.TF_LIBRARY_DIR)
  )
    return false;
  const library = findLibrary(project, distributionFor(project, status.device === 'gpu' ? 'gpu' : 'cpu', choice));
  if (library === undefined) return false;
  const compiler = await compilerIdentity(project.env);
  if (
    !ADDONS.every((addon) =>
      isInPlace(project, { addon, key: addonKey(project, addon, library.identity), compiler }, status),
    )
  )
    return false;
  const { lib, include } = installedLibrary(project.root);
  if (linkTarget(lib) !== library.lib || linkTarget(include) !== library.include) return false;
  if (status.device === 'gpu') return true;
  const gpus = await lookForGpus(project, choice);
  // A driver that does not respond was already reported; a GPU without TensorFlow is worth another try.
  return (
    gpus === undefined || (gpus.failure !== undefined && driverFailure(gpus.failure).message === status.gpu?.reason)
  );
}

/**
 * Whether an addon is in place: without CXX, whichever compiler made it.
 *
 * @param {Project} project
 * @param {Wanted} wanted
 * @param {Installed} status
 */
function isInPlace({ root }, { addon, key, compiler }, { addons }) {
  const there = addons?.[addon.name];
  const isWanted = there?.key === key && (compiler === undefined || there.compiler === compiler);
  return isWanted && existsSync(installedAddon(root, addon));
}

/**
 * Installs TensorFlow: the GPU build if a GPU is found, otherwise, or if that is not available, the CPU build; or says
 * on one line why neither works and what that costs. Records what it did in node_modules/.kd-setup.json, for the next
 * call and for `kd doctor`.
 *
 * @param {Project} project
 * @throws {SetupError} if the GPU build was asked for by name and is not available
 */
export async function prepare(project) {
  const before = readStatus(project.root);
  const choice = chosen(project, before);
  const { installed, failure } = await installForGpu(project, choice, before);
  const status =
    installed ??
    (await installFor(project, 'cpu', choice).catch((error) => goWithout(project, asUnavailable(project, error))));
  const note = failure === undefined ? {} : { gpu: failure };
  writeStatus(project.root, { ...status, choice, ...note });
}

/**
 * Fills the cache with what a device's build needs, without changing what is set up here.
 *
 * @param {Project} project
 * @throws {SetupError} if it is not available
 */
export async function fillFor(project) {
  if (project.env.TF_LIBRARY_DIR)
    throw new SetupError('--bundle: TF_LIBRARY_DIR is set, and a bundle holds no libtensorflow of your own; unset it');
  const before = readStatus(project.root);
  const choice = chosen(project, before);
  try {
    const isForGpu = await isGpuWanted(project, choice, before);
    /** @type {'cpu' | 'gpu'} */
    const device = isForGpu ? 'gpu' : 'cpu';
    const distribution = distributionFor(project, device, choice);
    return { device, cuda: choice.cuda, distribution, ...(await fillCache(project, distribution)) };
  } catch (error) {
    const { message, remedy } = asUnavailable(project, error);
    throw new SetupError(`--bundle: ${message}; ${remedy}`);
  }
}

/**
 * Sets up for GPUs. Returns nothing if that is not wanted, or the failure if it is not available.
 *
 * @param {Project} project
 * @param {Choice} choice
 * @param {Status | undefined} before
 * @returns {Promise<{ installed?: Installed, failure?: Failure }>}
 */
async function installForGpu(project, choice, before) {
  try {
    if (!(await isGpuWanted(project, choice, before))) return {};
    return { installed: await installFor(project, 'gpu', choice) };
  } catch (error) {
    const { message: reason, remedy, attempt } = asUnavailable(project, error);
    if (choice.device === 'gpu') throw new SetupError(`${originOf(project) ?? '--device gpu'}: ${reason}; ${remedy}`);
    project.say(`no TensorFlow for GPUs, because ${reason}: ${GPU_COST}; ${remedy}`);
    return { failure: { reason, remedy, attempt } };
  }
}

/**
 * @param {Project} project
 * @param {'cpu' | 'gpu'} device
 * @param {Choice} choice
 * @returns {Promise<Installed>}
 */
async function installFor(project, device, choice) {
  const distribution = distributionFor(project, device, choice);
  if (device === 'gpu' && choice.cuda === 'system') await checkSystemCuda(project, project.distributions.gpu);
  const load = (/** @type {Awaited<ReturnType<typeof fillCache>>} */ filled) => {
    place(project.root, filled.library, filled.addons);
    const files = ADDONS.map((addon) => installedAddon(project.root, addon));
    return withProgress(project, 'libtensorflow: loading', () => project.loadAddons(project, files));
  };
  let filled = await fillCache(project, distribution);
  const version = await load(filled).catch(async (error) => {
    if (!isForNewerSystem(error)) throw error;
    project.say('the addons were compiled on a system with newer libraries: compiling them here');
    filled = await fillCache(project, distribution, { recompiles: true });
    return load(filled);
  });
  const { library, addons } = filled;
  const kind = project.env.TF_LIBRARY_DIR ? OWN : device;
  return {
    backend: 'tensorflow',
    device: kind,
    libtensorflow: { version, path: library.lib },
    cuda: library.cuda,
    addons: Object.fromEntries(addons.map(({ addon, path, key, compiler }) => [addon.name, { path, key, compiler }])),
  };
}

/**
 * Whether an addon needs newer versions of the C and C++ libraries than this system has, as after a set-up from a
 * bundle that was made on another system, or with a cache that several systems share.
 *
 * @param {unknown} error
 */
function isForNewerSystem(error) {
  return error instanceof TensorflowUnavailable && /version `(GLIBC|GLIBCXX|CXXABI)_/.test(error.message);
}

/**
 * The folders are links, so that libtensorflow's own search paths, relative to itself, work. The addons are copies:
 * Node resolves links before loading, and an addon looks for libtensorflow relative to its own folder.
 *
 * @param {string} root
 * @param {Library} library
 * @param {{ addon: Addon, path: string }[]} addons
 */
function place(root, library, addons) {
  for (const path of installedPaths(root)) mkdirSync(dirname(path), { recursive: true });
  const { lib, include } = installedLibrary(root);
  replaceLink(lib, library.lib);
  replaceLink(include, library.include);
  for (const { addon, path } of addons) replaceCopy(installedAddon(root, addon), path);
}

/**
 * Throws for an unusable bundle; without a bundle, falls back to tfjs in JavaScript.
 *
 * @param {Project} project
 * @param {TensorflowUnavailable} unavailable
 */
function goWithout(project, unavailable) {
  const origin = originOf(project);
  if (origin !== undefined) throw new SetupError(`${origin}: ${unavailable.message}; ${unavailable.remedy}`);
  return leaveOut(project, unavailable);
}

/** @param {Project} project */
function originOf({ bundle }) {
  return bundle === undefined ? undefined : `--from ${bundle.folder}`;
}

/**
 * @param {Project} project
 * @param {TensorflowUnavailable} unavailable
 * @returns {LeftOut}
 */
function leaveOut({ root, say }, { message, remedy, attempt }) {
  for (const path of installedPaths(root)) rmSync(path, { recursive: true, force: true });
  say(`no TensorFlow, because ${message}: ${COST}; ${remedy}`);
  return { backend: 'cpu', reason: message, cost: COST, remedy, attempt };
}

/**
 * @param {Project} project
 * @param {unknown} error
 */
function asUnavailable({ cache }, error) {
  if (error instanceof TensorflowUnavailable) return error;
  const refusal = refusalOf(error);
  if (refusal === undefined) throw error;
  const wayOut = refusal.path.startsWith(cache)
    ? 'set XDG_CACHE_HOME to a folder that can be written'
    : 'let this user write';
  return new TensorflowUnavailable(
    `files cannot be written (${refusal.reason})`,
    `make room there, or ${wayOut}, and run this again`,
  );
}

/** @param {string} root */
function installedPaths(root) {
  return [...Object.values(installedLibrary(root)), ...ADDONS.map((addon) => installedAddon(root, addon))];
}
