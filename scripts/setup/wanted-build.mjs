import { slimOf } from './distributions.mjs';
import { TensorflowUnavailable } from './errors.mjs';
import { findLibrary } from './libtensorflow.mjs';
import { withProgress } from './progress.mjs';
import { withoutCuda } from './system-cuda.mjs';

/** @import { Gpus } from './nvidia.mjs' */
/** @import { Project } from './project.mjs' */
/** @import { Choice, Status } from './status.mjs' */

/**
 * What to set up: by the flags of this call, or else of an earlier one. A slim set-up stays slim until a device is
 * asked for by name.
 *
 * @param {Project} project
 * @param {Status | undefined} status
 * @returns {Choice}
 */
export function chosen({ device, cuda, slim }, status) {
  const isSlim = slim ?? (device === undefined && status?.choice?.slim === true);
  return {
    device: device ?? status?.choice?.device ?? 'auto',
    cuda: cuda ?? status?.choice?.cuda ?? 'wheels',
    ...(isSlim ? { slim: true } : {}),
  };
}

/**
 * The distribution that a device's build uses.
 *
 * @param {Project} project
 * @param {'cpu' | 'gpu'} device
 * @param {Choice} choice
 */
export function distributionFor({ distributions }, device, { cuda, slim }) {
  const distribution = distributions[device];
  if (device === 'gpu' && cuda === 'system') return withoutCuda(distribution);
  return slim === true ? slimOf(distribution) : distribution;
}

/**
 * Whether to set up for GPUs. An existing set-up for GPUs is kept: its libtensorflow also runs if the GPU is gone.
 *
 * @param {Project} project
 * @param {Choice} choice
 * @param {Status | undefined} before
 */
export async function isGpuWanted(project, choice, before) {
  if (project.env.TF_LIBRARY_DIR || choice.device === 'cpu') return false;
  if (choice.device === 'gpu') return true;
  if (deviceOf(before) === 'gpu' && findLibrary(project, distributionFor(project, 'gpu', choice)) !== undefined)
    return true;
  const gpus = await lookForGpus(project, choice);
  if (gpus?.failure !== undefined) throw driverFailure(gpus.failure);
  if (gpus !== undefined) project.say(`GPUs found: ${gpus.names.join(', ')}`);
  return gpus !== undefined;
}

/** @param {Status | undefined} status */
function deviceOf(status) {
  return status?.backend === 'tensorflow' ? status.device : undefined;
}

/**
 * The available GPUs, if they matter.
 *
 * @param {Project} project
 * @param {Choice} choice
 * @returns {Promise<Gpus | undefined>}
 */
export async function lookForGpus(project, { device }) {
  const { env, findGpus } = project;
  if (device !== 'auto' || env.TF_LIBRARY_DIR) return undefined;
  return withProgress(project, 'GPUs: looking', () => findGpus(env));
}

/**
 * The failure of an NVIDIA driver that is installed but does not respond.
 *
 * @param {string} failure what it was asked, and what came
 */
export function driverFailure(failure) {
  return new TensorflowUnavailable(
    `the NVIDIA driver does not answer (${failure})`,
    'mend the driver, so that nvidia-smi lists the GPU, and run this again',
  );
}
