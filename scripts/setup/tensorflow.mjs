import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  ADDONS,
  addonArchive,
  addonKey,
  buildAddon,
  compileAttempt,
  findAddon,
  installedAddon,
  installedLibrary,
  unpackAddon,
} from './addon.mjs';
import { slimOf } from './distributions.mjs';
import { codeOf, DISK_ERRORS, SetupError, TensorflowUnavailable } from './errors.mjs';
import { hostMismatch } from './host.mjs';
import {
  downloadAttempt,
  fetchLibrary,
  findLibrary,
  libraryIdentity,
  wheelArchive,
  wheelFiles,
} from './libtensorflow.mjs';
import { linkTarget, replaceCopy, replaceLink, replaceText } from './links.mjs';
import { withLock } from './lock.mjs';
import { checkSystemCuda, withoutCuda } from './system-cuda.mjs';
import { findTools } from './tools.mjs';

/** @import { Addon } from './addon.mjs' */
/** @import { Cuda, Device } from './choice.mjs' */
/** @import { Distribution } from './distributions.mjs' */
/** @import { Library } from './libtensorflow.mjs' */
/** @import { Gpus } from './nvidia.mjs' */
/** @import { Project } from './project.mjs' */
/** @typedef {{ device: Device, cuda: Cuda, slim?: true }} Choice */

/**
 * Why something could not be had, and what the user can do about it.
 *
 * @typedef {{ reason: string, remedy: string, attempt?: string | undefined }} Failure
 */

/**
 * A TensorFlow that is in place.
 *
 * @typedef {object} Installed
 * @property {'tensorflow'} backend
 * @property {'cpu' | 'gpu' | typeof OWN} device
 * @property {{ version: string, path: string }} libtensorflow
 * @property {Library['cuda']} cuda
 * @property {Record<string, { path: string, key: string }>} addons by their names
 */

/** @typedef {{ backend: 'cpu', cost: string } & Failure} LeftOut */
/** @typedef {(Installed | LeftOut) & { choice?: Choice, gpu?: Failure }} Status what an earlier set-up left */

const COST = "training runs on tfjs's pure-JavaScript backend, tens of times slower";
/** The device that a libtensorflow of the user's own serves is not known here. */
const OWN = 'own';
const GPU_COST = 'training runs on the processor';

/**
 * Whether the addons and libtensorflow are in place, and are those that this clone, its environment and its GPUs ask
 * for.
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
  if (library === undefined || !ADDONS.every((addon) => isInPlace(project, addon, library, status))) return false;
  const { lib, include } = installedLibrary(project.root);
  if (linkTarget(lib) !== library.lib || linkTarget(include) !== library.include) return false;
  if (status.device === 'gpu') return true;
  const gpus = await lookForGpus(project, choice);
  // A driver that does not answer was told of already; a GPU for which there was no TensorFlow is worth another try.
  return (
    gpus === undefined || (gpus.failure !== undefined && driverFailure(gpus.failure).message === status.gpu?.reason)
  );
}

/**
 * @param {Project} project
 * @param {Addon} addon
 * @param {Library} library
 * @param {Installed} status
 */
function isInPlace(project, addon, { identity }, { addons }) {
  const { key } = addons?.[addon.name] ?? {};
  return key === addonKey(project, addon, identity) && existsSync(installedAddon(project.root, addon));
}

/**
 * Puts TensorFlow in place: the build for GPUs where one is in sight, else, or if that cannot be had, the one for
 * processors; or says on one line why not and what that costs. Records what it did in node_modules/.kd-setup.json, for
 * the next call and for `kd doctor`.
 *
 * @param {Project} project
 * @throws {SetupError} if the build for GPUs was asked for by name and cannot be had
 */
export async function prepare(project) {
  const before = readStatus(project.root);
  const choice = chosen(project, before);
  const { installed, failure } = await installForGpu(project, choice, before);
  const status =
    installed ?? (await installFor(project, 'cpu', choice).catch((error) => goWithout(project, asUnavailable(error))));
  const note = failure === undefined ? {} : { gpu: failure };
  replaceText(statusFile(project.root), `${JSON.stringify({ ...status, choice, ...note }, null, 2)}\n`);
}

/**
 * Fills the cache with what the build for a device takes, and leaves what is set up here as it is.
 *
 * @param {Project} project
 * @throws {SetupError} if it cannot be had
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
    return { device, cuda: choice.cuda, distribution, ...(await fillAlone(project, distribution)) };
  } catch (error) {
    const { message, remedy } = asUnavailable(error);
    throw new SetupError(`--bundle: ${message}; ${remedy}`);
  }
}

/**
 * What is set up and for how long: the flags of this call, else of an earlier one. A slim set-up stays one until a
 * device is asked for by name.
 *
 * @param {Project} project
 * @param {Status | undefined} status
 * @returns {Choice}
 */
function chosen({ device, cuda, slim }, status) {
  const isSlim = slim ?? (device === undefined && status?.choice?.slim === true);
  return {
    device: device ?? status?.choice?.device ?? 'auto',
    cuda: cuda ?? status?.choice?.cuda ?? 'wheels',
    ...(isSlim ? { slim: true } : {}),
  };
}

/**
 * The GPUs in sight, where it matters.
 *
 * @param {Project} project
 * @param {Choice} choice
 * @returns {Promise<Gpus | undefined>}
 */
async function lookForGpus({ env, findGpus }, { device }) {
  return device === 'auto' && !env.TF_LIBRARY_DIR ? findGpus(env) : undefined;
}

/** @param {string} failure */
function driverFailure(failure) {
  return new TensorflowUnavailable(
    `the NVIDIA driver does not answer (${failure})`,
    'mend the driver, so that nvidia-smi lists the GPU, and run this again',
  );
}

/**
 * The set-up for GPUs; nothing where none is wanted; why not where it cannot be had.
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
    const { message: reason, remedy, attempt } = asUnavailable(error);
    if (choice.device === 'gpu') throw new SetupError(`${originOf(project) ?? '--device gpu'}: ${reason}; ${remedy}`);
    project.say(`no TensorFlow for GPUs, because ${reason}: ${GPU_COST}; ${remedy}`);
    return { failure: { reason, remedy, attempt } };
  }
}

/**
 * A set-up for GPUs stays one: its libtensorflow also runs where the GPU has gone.
 *
 * @param {Project} project
 * @param {Choice} choice
 * @param {Status | undefined} before
 */
async function isGpuWanted(project, choice, before) {
  if (project.env.TF_LIBRARY_DIR || choice.device === 'cpu') return false;
  if (choice.device === 'gpu') return true;
  if (deviceOf(before) === 'gpu' && findLibrary(project, distributionFor(project, 'gpu', choice)) !== undefined)
    return true;
  const gpus = await lookForGpus(project, choice);
  if (gpus?.failure !== undefined) throw driverFailure(gpus.failure);
  if (gpus !== undefined) project.say(`in sight: ${gpus.names.join(', ')}`);
  return gpus !== undefined;
}

/** @param {Status | undefined} status */
function deviceOf(status) {
  return status?.backend === 'tensorflow' ? status.device : undefined;
}

/**
 * @param {Project} project
 * @param {'cpu' | 'gpu'} device
 * @param {Choice} choice
 */
function distributionFor({ distributions }, device, { cuda, slim }) {
  const distribution = distributions[device];
  if (device === 'gpu' && cuda === 'system') return withoutCuda(distribution);
  return slim === true ? slimOf(distribution) : distribution;
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
  const { library, addons } = await fillAlone(project, distribution);
  place(project.root, library, addons);
  const files = ADDONS.map((addon) => installedAddon(project.root, addon));
  const version = await project.loadAddons(project, files);
  const kind = project.env.TF_LIBRARY_DIR ? OWN : device;
  return {
    backend: 'tensorflow',
    device: kind,
    libtensorflow: { version, path: library.lib },
    cuda: library.cuda,
    addons: Object.fromEntries(addons.map(({ addon, path, key }) => [addon.name, { path, key }])),
  };
}

/**
 * @param {Project} project
 * @param {Distribution} distribution
 */
async function fillAlone(project, distribution) {
  mkdirSync(project.cache, { recursive: true });
  const onWait = () => project.say('another set-up is filling the cache: waiting for it');
  return withLock(project.cache, onWait, (lock) => fillCache(project, distribution, lock));
}

/**
 * Finds libtensorflow and the addons in the cache, or gets them; first makes sure that all tools for both are there.
 *
 * @param {Project} project
 * @param {Distribution} distribution
 * @param {number} [lock]
 */
async function fillCache(project, distribution, lock) {
  let library = findLibrary(project, distribution);
  if (library === undefined) {
    refuseHost(project, distribution);
    demandWheels(project, distribution);
  }
  const identity = libraryIdentity(distribution, library);
  const wanted = ADDONS.map((addon) => ({ addon, key: addonKey(project, addon, identity) }));
  const missing = wanted.filter(({ addon, key }) => findAddon(project, addon, key) === undefined);
  const { bundle } = project;
  const toCompile = missing.filter(({ addon, key }) => !bundle?.has(addonArchive(addon, key)));
  const needed = { python: library === undefined && bundle === undefined, compiler: toCompile.length > 0 };
  const tools = await findTools(project.env, needed);
  for (const { key } of toCompile) refuseRepetition(project.root, compileAttempt(key, tools.compiler));
  if (needed.python)
    for (const wheel of distribution.wheels) refuseRepetition(project.root, downloadAttempt(project, wheel));
  library ??= await fetchLibrary(project, distribution, tools.python, lock);
  const addons = [];
  for (const { addon, key } of wanted) {
    const found = findAddon(project, addon, key) ?? (await unpackAddon(project, addon, key, lock));
    const path = found ?? (await buildAddon(project, addon, library, key, tools.compiler, lock));
    addons.push({ addon, key, path });
  }
  return { library, addons };
}

/**
 * @param {Project} project
 * @param {Distribution} distribution
 */
function demandWheels({ bundle }, { wheels }) {
  for (const wheel of wheels) {
    if (wheelFiles(wheel).length > 0) bundle?.demand(wheelArchive(wheel));
  }
}

/**
 * @param {Project} project
 * @param {Distribution} distribution
 */
function refuseHost({ host }, distribution) {
  const mismatch = hostMismatch(host, distribution.host);
  if (mismatch === undefined) return;
  throw new TensorflowUnavailable(
    mismatch,
    'set TF_LIBRARY_DIR to the folder of a libtensorflow that was built for this system, if you have one',
  );
}

/**
 * Throws again what was recorded when this very attempt failed before: it takes long, and would end in the same way.
 *
 * @param {string} root
 * @param {string} attempt
 */
function refuseRepetition(root, attempt) {
  const status = readStatus(root);
  const failures = [status?.backend === 'cpu' ? status : undefined, status?.gpu];
  const failed = failures.find((failure) => failure?.attempt === attempt);
  if (failed !== undefined) throw new TensorflowUnavailable(failed.reason, failed.remedy, attempt);
}

/**
 * The folders are links, so that libtensorflow's own search paths, relative to where it is, hold. The addons are
 * copies: Node resolves a link before it loads, and an addon looks for libtensorflow from the folder where it is.
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
 * A bundle that cannot be used is an error; without one, tfjs's JavaScript serves.
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

/** @param {unknown} error */
function asUnavailable(error) {
  if (error instanceof TensorflowUnavailable) return error;
  if (!(error instanceof Error && DISK_ERRORS.includes(codeOf(error)))) throw error;
  return new TensorflowUnavailable(
    `files cannot be written (${error.message})`,
    'make room there, or set XDG_CACHE_HOME to a folder that can be written, and run this again',
  );
}

/** @param {string} root */
function installedPaths(root) {
  return [...Object.values(installedLibrary(root)), ...ADDONS.map((addon) => installedAddon(root, addon))];
}

/**
 * @param {string} root
 * @returns {Status | undefined}
 */
function readStatus(root) {
  try {
    return JSON.parse(readFileSync(statusFile(root), 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} root */
function statusFile(root) {
  return join(root, 'node_modules', '.kd-setup.json');
}
