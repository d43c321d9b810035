import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutables, run } from './processes.mjs';

/** @import { Env } from './processes.mjs' */
/**
 * The GPUs that a driver serves, or why an installed driver does not respond.
 *
 * @typedef {{ names: string[], failure?: undefined } | { names?: undefined, failure: string }} Gpus
 */

const DRIVER_LIBRARY = 'libcuda.so.1';
/**
 * For `node -e`: ends with status 0 if the dynamic loader finds the library, as it will for TensorFlow. Node opens any
 * library as an addon, and then complains that it is none.
 */
const OPEN_LIBRARY = `
try {
  process.dlopen({ exports: {} }, process.argv[1]);
} catch (error) {
  process.exitCode = /self-register/.test(error.message) ? 0 : 1;
}`;
/** Where WSL has the driver's tool, which is not on PATH. */
const WSL_TOOL = '/usr/lib/wsl/lib/nvidia-smi';
/** A healthy driver may take seconds per GPU, a broken one forever; `src/tensorflow/machine.ts` waits as long. */
const TIMEOUT_MS = 60_000;
/** One per GPU; WSL has one for all. */
const DEVICE = /^(nvidia\d+|dxg)$/;

/**
 * Looks for NVIDIA GPUs with a working driver: `nvidia-smi` lists them; if it is missing, the driver's library, where
 * the dynamic loader finds it, and a GPU's device file show that there is one.
 *
 * @param {Env} env
 * @param {string} [root] the file system to look at
 * @param {number} [timeout] milliseconds for the driver's answer
 * @returns {Promise<Gpus | undefined>} the GPUs; or a driver that is there and does
 *   not answer; or nothing
 */
export async function findGpus(env, root = '/', timeout = TIMEOUT_MS) {
  const [tool] = findExecutables(['nvidia-smi', join(root, WSL_TOOL)], env);
  if (tool !== undefined) return askTool(tool, env, root, timeout);
  return hasDevice(root) && (await hasDriverLibrary(env, timeout)) ? { names: ['an NVIDIA GPU'] } : undefined;
}

/**
 * The tool is part of the driver's packages, which some images have without a GPU; then it fails, which does not count
 * as a failure.
 *
 * @param {string} tool
 * @param {Env} env
 * @param {string} root
 * @param {number} timeout
 * @returns {Promise<Gpus | undefined>}
 */
async function askTool(tool, env, root, timeout) {
  const { status, stdout, stderr } = await run(tool, ['--query-gpu=name', '--format=csv,noheader'], { env, timeout });
  const lines = stdout
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  if (status === 0 && lines.length > 0) return { names: lines };
  if (!hasDevice(root)) return undefined;
  return {
    failure:
      [
        ...lines,
        ...stderr
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean),
      ][0] ?? `exit status ${status}`,
  };
}

/** @param {string} root */
function hasDevice(root) {
  const folder = join(root, 'dev');
  return existsSync(folder) && readdirSync(folder).some((name) => DEVICE.test(name));
}

/**
 * @param {Env} env
 * @param {number} timeout
 */
async function hasDriverLibrary(env, timeout) {
  const { status } = await run(process.execPath, ['-e', OPEN_LIBRARY, DRIVER_LIBRARY], { env, timeout });
  return status === 0;
}
