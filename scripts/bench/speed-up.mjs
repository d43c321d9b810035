/**
 * Models the speed-up of several devices:
 *
 *   node scripts/bench/speed-up.mjs [--compute 0.1] [--bytes 272] [--bandwidth 20] [--hop 20]
 *
 * `compute` in seconds of a micro-batch on one device, `bytes` of the gradients in MB, `bandwidth` in GB/s as
 * `kd doctor` gives it, `hop` in µs from one device to the next. Prints how many times the pairs a second of one
 * device.
 */
import { pathToFileURL } from 'node:url';
import { POSITIVE } from '#dist/base/kinds.js';
import { allReduceSeconds } from '#dist/engine/all-reduce-time.js';
import { readArguments } from '../arguments.mjs';
import { markdownTable } from './measure.mjs';

/** Messages of a step. */
const MESSAGES = 16;

/** Numbers of devices in the table. */
const DEVICES = [1, 2, 4, 8, 16, 32, 64];

/**
 * The inputs of the model, in seconds, bytes, and bytes a second.
 *
 * @typedef {object} StepInputs
 * @property {number} compute of a micro-batch on one device
 * @property {number} bytes of the gradients
 * @property {number} bandwidth
 * @property {number} hop for a message from one device to the next, whatever is in it
 */

/**
 * The speed-up in pairs a second over one device.
 *
 * @param {StepInputs} inputs
 * @param {number} devices
 * @param {'more' | 'same'} pairs whether a step has a whole micro-batch a device, or the pairs of one over all
 */
export function speedUp(inputs, devices, pairs) {
  const { compute, bytes } = inputs;
  const reduce = allReduceSeconds({ devices, bytes, messages: MESSAGES }, inputs);
  return pairs === 'more' ? (devices * compute) / (compute + reduce) : compute / (compute / devices + reduce);
}

/**
 * Both kinds of speed-up for each of several inputs.
 *
 * @param {Readonly<Record<string, StepInputs>>} cases
 */
export function speedUpTable(cases) {
  const columns = Object.entries(cases).flatMap(([name, inputs]) =>
    /** @type {const} */ (['more', 'same']).map((pairs) => ({ name, inputs, pairs })),
  );
  return markdownTable(
    [
      'devices',
      ...columns.map(({ name, pairs }) => `${name}${pairs === 'more' ? 'a micro-batch each' : 'the same pairs'}`),
    ],
    DEVICES.map((devices) => [
      devices,
      ...columns.map(({ inputs, pairs }) => speedUp(inputs, devices, pairs).toFixed(1)),
    ]),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { flags } = readArguments(import.meta.filename, {
    compute: { kind: POSITIVE, default: 0.1 },
    bytes: { kind: POSITIVE, default: 272 },
    bandwidth: { kind: POSITIVE, default: 20 },
    hop: { kind: POSITIVE, default: 20 },
  });
  const inputs = {
    compute: flags.compute,
    bytes: flags.bytes * 1e6,
    bandwidth: flags.bandwidth * 1e9,
    hop: flags.hop * 1e-6,
  };
  console.log(speedUpTable({ '': inputs }));
}
