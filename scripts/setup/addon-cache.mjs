/** Addons in the cache and in bundles. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stageFolder } from './staging.mjs';

/** @import { Addon } from './addon.mjs' */
/** @import { Project } from './project.mjs' */

/**
 * An addon as it is wanted.
 *
 * @typedef {object} Wanted
 * @property {Addon} addon
 * @property {string} key
 * @property {string | undefined} compiler the identity of the compiler that CXX names; undefined for any
 */

/**
 * The cached addon, or undefined if none has been built.
 *
 * @param {Project} project
 * @param {Wanted} wanted
 */
export function findAddon({ cache }, wanted) {
  const file = cachedFile(cache, wanted);
  return existsSync(file) ? file : undefined;
}

/**
 * The name of a compiled addon in a bundle.
 *
 * @param {Addon} addon
 * @param {string} key
 */
export function addonArchive({ name }, key) {
  return `${name} ${key}`;
}

/**
 * Whether the bundle has an addon. Which compiler made it is unknown, so that CXX has it compiled.
 *
 * @param {Project} project
 * @param {Wanted} wanted
 */
export function isInBundle({ bundle }, { addon, key, compiler }) {
  return compiler === undefined && bundle?.has(addonArchive(addon, key)) === true;
}

/**
 * Copies an addon from the bundle to the cache, if the bundle has it.
 *
 * @param {Project} project
 * @param {Wanted} wanted
 * @param {number} [lock]
 */
export async function unpackAddon(project, wanted, lock) {
  const { bundle, cache } = project;
  if (!isInBundle(project, wanted)) return undefined;
  const file = cachedFile(cache, wanted);
  const archive = addonArchive(wanted.addon, wanted.key);
  await stageFolder(dirname(file), async (partial) => bundle?.unpack(archive, partial, { ...project, lock }));
  return file;
}

/**
 * Where an addon is kept. Builds by different compilers that CXX named are kept side by side, and apart from that by
 * the usual one.
 *
 * @param {string} cache
 * @param {Wanted} wanted
 */
export function cachedFile(cache, { addon: { name, file }, key, compiler }) {
  const full = compiler === undefined ? key : createHash('sha256').update(`${key}\n${compiler}`).digest('hex');
  return join(cache, `${name}-${full.slice(0, 16)}`, file);
}
