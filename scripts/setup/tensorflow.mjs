import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ADDON_PACKAGE, addonKey, buildAddon, compileAttempt, findAddon } from './addon.mjs';
import { TensorflowUnavailable } from './errors.mjs';
import { hostMismatch } from './host.mjs';
import { downloadAttempt, fetchLibrary, findLibrary, libraryIdentity } from './libtensorflow.mjs';
import { linkTarget, replaceCopy, replaceLink, replaceText } from './links.mjs';
import { withLock } from './lock.mjs';
import { findTools } from './tools.mjs';

const COST = "training runs on tfjs's pure-JavaScript backend, tens of times slower";
/** A full disk, or a cache folder that cannot be written. */
const DISK_ERRORS = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR'];

/** Whether the addon and libtensorflow are in place, and are those that this clone and its environment ask for. */
export function isReady(project) {
  const status = readStatus(project.root);
  if (status?.backend !== 'tensorflow') return false;
  const library = findLibrary(project);
  if (library === undefined || status.addon?.key !== addonKey(project, library.identity)) return false;
  const { addon, lib, include } = installedPaths(project.root);
  return existsSync(addon) && linkTarget(lib) === library.lib && linkTarget(include) === library.include;
}

/**
 * Puts TensorFlow in place, or says on one line why not and what that costs; records either in
 * node_modules/.kd-setup.json, for `kd doctor`.
 */
export async function prepare(project) {
  const status = await installTensorflow(project).catch((error) => leaveOut(project, asUnavailable(error)));
  replaceText(statusFile(project.root), `${JSON.stringify(status, null, 2)}\n`);
}

async function installTensorflow(project) {
  mkdirSync(project.cache, { recursive: true });
  const onWait = () => project.say('another set-up is filling the cache: waiting for it');
  const { library, addon, key } = await withLock(project.cache, onWait, (lock) => fillCache(project, lock));
  placeAddon(project.root, library, addon);
  const version = await project.loadAddon(project, installedPaths(project.root).addon);
  return { backend: 'tensorflow', libtensorflow: { version, path: library.lib }, addon: { path: addon, key } };
}

/** Finds libtensorflow and the addon in the cache, or gets them; first makes sure that all tools for both are there. */
async function fillCache(project, lock) {
  let library = findLibrary(project);
  if (library === undefined) refuseHost(project);
  const key = addonKey(project, libraryIdentity(project, library));
  let addon = findAddon(project, key);
  const tools = await findTools(project.env, { python: library === undefined, compiler: addon === undefined });
  if (addon === undefined) refuseRepetition(project.root, compileAttempt(key, tools.compiler));
  if (library === undefined) refuseRepetition(project.root, downloadAttempt(project));
  library ??= await fetchLibrary(project, tools.python, lock);
  addon ??= await buildAddon(project, library, key, tools.compiler, lock);
  return { library, addon, key };
}

function refuseHost({ host, wheel }) {
  const mismatch = hostMismatch(host, wheel.host);
  if (mismatch === undefined) return;
  throw new TensorflowUnavailable(mismatch, 'set TF_LIBRARY_DIR to the folder of a libtensorflow that was built for this system, if you have one');
}

/** Throws again what was recorded when this very attempt failed before: it takes long, and would end in the same way. */
function refuseRepetition(root, attempt) {
  const status = readStatus(root);
  if (status?.attempt === attempt) throw new TensorflowUnavailable(status.reason, status.remedy, attempt);
}

/**
 * The folders are links, so that libtensorflow's own search paths, relative to where it is, hold. The addon is a copy:
 * Node resolves a link before it loads, and the addon looks for libtensorflow from the folder where it is.
 */
function placeAddon(root, library, addon) {
  const paths = installedPaths(root);
  for (const path of Object.values(paths)) mkdirSync(dirname(path), { recursive: true });
  replaceLink(paths.lib, library.lib);
  replaceLink(paths.include, library.include);
  replaceCopy(paths.addon, addon);
}

function leaveOut({ root, say }, { message, remedy, attempt }) {
  for (const path of Object.values(installedPaths(root))) rmSync(path, { recursive: true, force: true });
  say(`no TensorFlow, because ${message}: ${COST}; ${remedy}`);
  return { backend: 'cpu', reason: message, cost: COST, remedy, attempt };
}

function asUnavailable(error) {
  if (error instanceof TensorflowUnavailable) return error;
  if (!DISK_ERRORS.includes(error.code)) throw error;
  return new TensorflowUnavailable(
    `files cannot be written (${error.message})`,
    'make room there, or set XDG_CACHE_HOME to a folder that can be written, and run this again',
  );
}

/** Where the npm package looks for its addon, and the addon for libtensorflow. */
function installedPaths(root) {
  const folder = join(root, ...ADDON_PACKAGE);
  return {
    lib: join(folder, 'deps', 'lib'),
    include: join(folder, 'deps', 'include'),
    addon: join(folder, 'lib', 'napi-v8', 'tfjs_binding.node'),
  };
}

function readStatus(root) {
  try {
    return JSON.parse(readFileSync(statusFile(root), 'utf8'));
  } catch {
    return undefined;
  }
}

function statusFile(root) {
  return join(root, 'node_modules', '.kd-setup.json');
}
