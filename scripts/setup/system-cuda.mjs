import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TensorflowUnavailable } from './errors.mjs';
import { findExecutables, run } from './processes.mjs';

/** @import { Distribution } from './distributions.mjs' */
/** @import { Env } from './processes.mjs' */
/** @import { Project } from './project.mjs' */
/** @typedef {{ has: (name: string) => boolean }} Names */

/** Folders that the dynamic loader searches, but that its cache may not list. */
const FOLDERS = ['/usr/local/cuda/lib64', '/usr/local/cuda/targets/x86_64-linux/lib'];
const CACHE_TOOLS = ['ldconfig', '/sbin/ldconfig', '/usr/sbin/ldconfig'];

/**
 * A distribution without NVIDIA's wheels, to be used with the system's CUDA.
 *
 * @param {Distribution} distribution
 * @returns {Distribution}
 */
export function withoutCuda({ wheels: [tensorflow], ...rest }) {
  return { ...rest, wheels: [tensorflow], links: {} };
}

/**
 * Checks that the system has every library in NVIDIA's wheels, under the names that libtensorflow opens.
 *
 * @param {Project} project
 * @param {Distribution} distribution
 * @throws {TensorflowUnavailable} that names those that are missing
 */
export async function checkSystemCuda({ env, systemLibraries = listLibraries }, { wheels: [, ...wheels] }) {
  const wanted = wheels
    .flatMap(({ files }) => Object.keys(files))
    .map((path) => basename(path))
    .filter((name) => OPENED.test(name));
  const found = await systemLibraries(env);
  const missing = wanted.filter((name) => !found.has(name));
  if (missing.length === 0) return;
  throw new TensorflowUnavailable(
    `the system's CUDA lacks ${missing.join(', ')}`,
    'install CUDA 12 and cuDNN 9 and make them known (ldconfig, or LD_LIBRARY_PATH), ' +
      'or leave out `--cuda system` to download them',
  );
}

/** What libtensorflow opens itself; the other libraries are dependencies of these. */
const OPENED = /^lib(cudart|cublas|cublasLt|cufft|cusolver|cusparse|cudnn)\.so/;

/**
 * The names of all libraries that the dynamic loader would find.
 *
 * @param {Env} env
 * @returns {Promise<Names>}
 */
async function listLibraries(env) {
  /** @type {Set<string>} */
  const names = new Set();
  const [tool] = findExecutables(CACHE_TOOLS, env);
  const { stdout } = tool === undefined ? { stdout: '' } : await run(tool, ['-p'], { env });
  for (const [, name] of stdout.matchAll(/^\s+(\S+) \(/gm)) names.add(name ?? '');
  const folders = [...(env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean), ...FOLDERS];
  return { has: (name) => names.has(name) || folders.some((folder) => existsSync(join(folder, name))) };
}
