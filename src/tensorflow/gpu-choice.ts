/** @file Chooses among the GPUs that the driver reports. */
import { availableParallelism } from 'node:os';
import { InputError } from '../base/errors.js';
import { devicesIn, type DeviceChoice, type DevicesChoice } from './device-choice.js';
import type { Machine } from './machine.js';
import type { Gpu, Nvidia } from './nvidia.js';

/** Something that is wrong, and what to do about it; both go on one line. */
export interface Problem {
  readonly found: string;
  readonly remedy: string;
}

/** The number of devices on the CPU. */
export function countCpuDevices(choice: DevicesChoice): number {
  return choice.startsWith('cpu:') ? Number(choice.slice(4)) : 1;
}

/** The most devices on a CPU with few cores: enough for a run begun on any usual number of GPUs. */
const MIN_DEVICE_LIMIT = 16;

/**
 * Checks that a choice does not have far more devices than the CPU has cores: each takes a whole run's memory, and
 * minutes to start.
 *
 * @throws InputError
 */
export function checkCpuDevices(choice: DevicesChoice, cores: number = availableParallelism()): void {
  const most = Math.max(MIN_DEVICE_LIMIT, cores);
  const count = countCpuDevices(choice);
  if (count <= most) return;
  throw new InputError(
    `--device ${choice}: expected at most ${most} devices on this CPU, which has ` +
      `${cores === 1 ? '1 core' : `${cores} cores`}, got ${count}; take --device cpu:${most} or fewer`,
  );
}

/** Whether a choice means several devices, or may, like `gpu:all`. */
export function isMultiDevice(choice: DevicesChoice): boolean {
  return countCpuDevices(choice) > 1 || choice === 'gpu:all' || choice.includes(',');
}

/** One of a choice's devices, for computations after a run. */
export function firstDevice(choice: DevicesChoice): DeviceChoice {
  if (choice.startsWith('cpu')) return 'cpu';
  return choice === 'gpu:all' ? 'gpu' : (choice.split(',')[0] as DeviceChoice);
}

/** The GPU for TensorFlow, by its name in `CUDA_VISIBLE_DEVICES`, and what the driver reports about it. */
export interface ChosenGpu {
  readonly visible: string;
  readonly gpu?: Gpu;
}

/**
 * Which GPU a choice means: `gpu:N` counts those in `CUDA_VISIBLE_DEVICES`, or if that is not set, those of the driver
 * in its order. Only one is made visible, because tfjs uses the last visible one, and TensorFlow takes memory on all.
 *
 * @returns what was found instead, if there is no such GPU
 */
export function chooseGpu(nvidia: Nvidia, choice: DeviceChoice, env: Machine['env']): ChosenGpu | Problem {
  const chosen = chooseGpus(nvidia, choice, env);
  return 'found' in chosen ? chosen : chosen[0]!;
}

/**
 * Which GPUs a choice means, counted as in `chooseGpu`.
 *
 * @returns what was found instead, if one of them does not exist
 */
export function chooseGpus(nvidia: Nvidia, choice: DevicesChoice, env: Machine['env']): readonly ChosenGpu[] | Problem {
  const { CUDA_VISIBLE_DEVICES: limit } = env;
  const gpus = nvidia.state === 'present' ? nvidia.gpus : [];
  const visible = limit === undefined ? gpus.map(visibleName) : visibleDevices(limit);
  if (limit !== undefined && visible.length === 0) {
    return { found: `CUDA_VISIBLE_DEVICES=${limit} hides every GPU`, remedy: 'unset it, or name one in it' };
  }
  const isUnlisted = nvidia.state === 'unlisted' && limit === undefined;
  if (isUnlisted && choice === 'gpu:all')
    return { found: 'the driver does not report how many GPUs there are', remedy: 'name them: --device gpu:0,1' };
  const wanted =
    choice === 'gpu:all' ? visible.map((_, i) => i) : choice.startsWith('gpu:') ? devicesIn(choice).map(Number) : [0];
  if (isUnlisted) return wanted.map((number) => ({ visible: String(number) }));
  const missing = choice === 'gpu:all' && wanted.length === 0 ? 0 : wanted.find((number) => number >= visible.length);
  if (missing !== undefined) {
    return {
      found:
        `there is no GPU ${missing}; there ${visible.length === 1 ? 'is 1' : `are ${visible.length}`}` +
        (limit === undefined ? '' : ` in CUDA_VISIBLE_DEVICES=${limit}`),
      remedy: `take --device gpu:0${visible.length > 1 ? ` to gpu:${visible.length - 1}` : ''}`,
    };
  }
  const chosen = wanted.map((number) => {
    const name = visible[number]!;
    return withGpu(
      name,
      gpus.find(({ index, uuid }) => String(index) === name || uuid.startsWith(name)),
    );
  });
  const unknown = chosen.find((each) => each.gpu === undefined && !each.visible.startsWith('MIG-'));
  if (chosen.length > 1 && chosen.some(({ gpu, visible }) => gpu?.isPart === true || visible.startsWith('MIG-')))
    return { found: 'CUDA uses only one part of a divided GPU (MIG) at a time', remedy: 'take one, as --device gpu:0' };
  if (nvidia.state !== 'present' || unknown === undefined) return chosen;
  return {
    found:
      `CUDA_VISIBLE_DEVICES=${limit} names ${unknown.visible}, ` +
      `which is not among the driver's GPUs (${named(gpus)})`,
    remedy: 'unset it, or name one of these in it',
  };
}

/** `0 to 3`; a container may number its GPUs differently from the machine. */
function named(gpus: readonly Gpu[]): string {
  const [first, last] = [gpus[0], gpus.at(-1)].map((gpu) => gpu?.index);
  return first === last ? `only ${first}` : `${first} to ${last}`;
}

function withGpu(visible: string, gpu: Gpu | undefined): ChosenGpu {
  if (gpu === undefined) return { visible };
  return { visible: gpu.isPart === true ? gpu.uuid : visible, gpu };
}

/** A GPU's name in `CUDA_VISIBLE_DEVICES`: its number, or what alone tells a part from the others. */
function visibleName({ index, uuid, isPart = false }: Gpu): string {
  return isPart ? uuid : String(index);
}

/** The devices in `CUDA_VISIBLE_DEVICES`, which CUDA reads up to the first entry that is not a device. */
function visibleDevices(limit: string): string[] {
  const entries = limit.split(',').map((entry) => entry.trim());
  const end = entries.findIndex((entry) => !/^(\d+$|GPU-|MIG-)/.test(entry));
  return end === -1 ? entries : entries.slice(0, end);
}
