/** @file Where to compute: what may be asked for. */
import type { Kind } from '../base/kinds.js';

/** `auto`, `gpu`, `gpu:1`, `cpu` */
export type DeviceChoice = 'auto' | 'gpu' | 'cpu' | `gpu:${number}`;

/** Where TensorFlow computes; GPUs are counted from 0. */
export const DEVICE: Kind<DeviceChoice> = {
  expected: 'auto, cpu, gpu, or gpu:N for the N-th GPU, counted from 0',
  is: (value): value is DeviceChoice => typeof value === 'string' && /^(auto|cpu|gpu(:\d+)?)$/.test(value),
  parse: (text) => text,
};

/** A single device, or several that share a run's steps: `cpu:4`, `gpu:0,2`, `gpu:all`. */
export type DevicesChoice = DeviceChoice | `cpu:${number}` | `gpu:${string}`;

/** Where TensorFlow trains; `cpu:N` is N devices on the CPU. */
export const DEVICES: Kind<DevicesChoice> = {
  expected: 'auto, cpu, cpu:N for N devices on the CPU, gpu, gpu:N or gpu:N,N for GPUs counted from 0, or gpu:all',
  is: (value): value is DevicesChoice =>
    typeof value === 'string' &&
    /^(auto|cpu(:[1-9]\d*)?|gpu(:(all|\d+(,\d+)*))?)$/.test(value) &&
    new Set(devicesIn(value)).size === devicesIn(value).length,
  parse: (text) => text,
};

/** What a choice lists after its colon: `0` and `2` of `gpu:0,2`. */
export function devicesIn(choice: string): string[] {
  return choice.split(':')[1]?.split(',') ?? [];
}
