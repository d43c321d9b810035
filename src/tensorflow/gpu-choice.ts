/** @file Which of the GPUs that the driver tells of is used. */
import type { Kind } from '../base/kinds.js';
import type { Machine } from './machine.js';
import type { Gpu, Nvidia } from './nvidia.js';

/** Something that is not as it should be, and what to do about it; both go on one line. */
export interface Problem {
  readonly found: string;
  readonly remedy: string;
}

/** `auto`, `gpu`, `gpu:1`, `cpu` */
export type DeviceChoice = 'auto' | 'gpu' | 'cpu' | `gpu:${number}`;

/** Where TensorFlow computes; GPUs are counted from 0. */
export const DEVICE: Kind<DeviceChoice> = {
  expected: 'auto, cpu, gpu, or gpu:N for the N-th GPU, counted from 0',
  is: (value): value is DeviceChoice => typeof value === 'string' && /^(auto|cpu|gpu(:\d+)?)$/.test(value),
  parse: (text) => text,
};

/** The GPU for TensorFlow, as `CUDA_VISIBLE_DEVICES` names it, and what the driver tells of it. */
export interface ChosenGpu {
  readonly visible: string;
  readonly gpu?: Gpu;
}

/**
 * Which GPU a choice means: `gpu:N` counts the ones that `CUDA_VISIBLE_DEVICES` leaves, in the driver's order without
 * it. One alone, because tfjs takes the last that it is shown, and TensorFlow a part of each.
 *
 * @returns what was found instead, where there is no such GPU
 */
export function chooseGpu(nvidia: Nvidia, choice: DeviceChoice, env: Machine['env']): ChosenGpu | Problem {
  const { CUDA_VISIBLE_DEVICES: limit } = env;
  const gpus = nvidia.state === 'present' ? nvidia.gpus : [];
  const visible = limit === undefined ? gpus.map(({ index }) => String(index)) : visibleDevices(limit);
  if (limit !== undefined && visible.length === 0) {
    return { found: `CUDA_VISIBLE_DEVICES=${limit} hides every GPU`, remedy: 'unset it, or name one in it' };
  }
  const wanted = choice.startsWith('gpu:') ? Number(choice.slice(4)) : 0;
  if (nvidia.state === 'untold' && limit === undefined) return { visible: String(wanted) };
  if (wanted >= visible.length) {
    return {
      found:
        `there is no GPU ${wanted}; there ${visible.length === 1 ? 'is 1' : `are ${visible.length}`}` +
        (limit === undefined ? '' : ` in CUDA_VISIBLE_DEVICES=${limit}`),
      remedy: `take --device gpu:0${visible.length > 1 ? ` to gpu:${visible.length - 1}` : ''}`,
    };
  }
  const name = visible[wanted]!;
  return withGpu(
    name,
    gpus.find(({ index, uuid }) => String(index) === name || uuid.startsWith(name)),
  );
}

function withGpu(visible: string, gpu: Gpu | undefined): ChosenGpu {
  return gpu === undefined ? { visible } : { visible, gpu };
}

/** CUDA stops reading at the first entry that is no device. */
function visibleDevices(limit: string): string[] {
  const entries = limit.split(',').map((entry) => entry.trim());
  const end = entries.findIndex((entry) => entry === '' || entry.startsWith('-'));
  return end === -1 ? entries : entries.slice(0, end);
}
