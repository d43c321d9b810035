import { join } from 'node:path';
import { loadAddons } from './addon.mjs';
import { cacheHome } from './cache-home.mjs';
import { DISTRIBUTIONS } from './distributions.mjs';
import { thisHost } from './host.mjs';
import { findGpus } from './nvidia.mjs';
import { CLEAR_LINE } from './progress.mjs';

/** @import { Cuda, Device } from './choice.mjs' */
/** @import { Distribution } from './distributions.mjs' */
/** @import { Host } from './host.mjs' */
/** @import { Gpus } from './nvidia.mjs' */
/** @import { Bundle } from './bundle/open.mjs' */
/** @import { Env } from './processes.mjs' */
/** @import { Stream } from './progress.mjs' */
/** @import { Names } from './system-cuda.mjs' */

/**
 * The context of a set-up.
 *
 * @typedef {object} Project
 * @property {string} root the folder of the clone
 * @property {Env} env
 * @property {string} cache where downloads and addons are kept for all clones
 * @property {Host} host
 * @property {Record<'cpu' | 'gpu', Distribution>} distributions what can be downloaded
 * @property {(env: Env) => Promise<Gpus | undefined>} findGpus
 * @property {(project: Project, files: string[]) => Promise<string>} loadAddons gives the version of libtensorflow
 * @property {boolean} terminal whether child processes may draw their own progress bars
 * @property {(line: string) => void} say tells of progress
 * @property {Stream} stream where `say` writes, for progress that is drawn
 * @property {Device | undefined} [device] what was chosen in this call
 * @property {Cuda | undefined} [cuda] what was chosen in this call
 * @property {string | undefined} [bundleFolder] where a bundle is made, in place of a set-up
 * @property {boolean} [slim] without what a text encoder's step does not open
 * @property {Bundle | undefined} [bundle] what set-up takes everything from, in place of the network
 * @property {(folder: string) => number} [freeBytes] instead of asking the file system
 * @property {(env: Env) => Promise<Names>} [systemLibraries] instead of asking the dynamic loader
 */

/**
 * @typedef {object} Output
 * @property {boolean} [quiet]
 * @property {Stream} [stream]
 */

/** @typedef {Pick<Project, 'root' | 'env'> & Partial<Project> & Output} ProjectOptions */

/**
 * Creates the context of a set-up: the clone, the environment, the host, available downloads, and where progress goes.
 *
 * @param {ProjectOptions} options
 * @returns {Project}
 */
export function createProject({ root, env, quiet = false, stream = process.stderr, ...rest }) {
  const terminal = !quiet && stream.isTTY === true;
  return {
    root,
    env,
    cache: join(cacheHome(env), 'kd'),
    host: thisHost(),
    distributions: DISTRIBUTIONS,
    findGpus,
    loadAddons,
    terminal,
    stream,
    say(line) {
      if (!quiet) stream.write(`${terminal ? CLEAR_LINE : ''}kd set-up: ${line}\n`);
    },
    ...rest,
  };
}
