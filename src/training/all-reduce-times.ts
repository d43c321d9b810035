/** @file What a dry run reports about summing gradients over several devices (all-reduce) at every step. */
import { KD } from '../base/own-command.js';
import { allReduceSeconds, type AllReduceSize, type Link } from '../engine/all-reduce-time.js';
import { MAX_IN_ORDER } from '../engine/graph/all-reduce.js';
import { messagesFor } from '../engine/graph/buckets.js';
import type { Output } from '../app/output.js';
import { formatBytes, formatCounted } from '../base/format.js';
import { FLOAT_BYTES } from '../models/text-encoder.js';
import { runAllReduceTrial } from './device-check.js';
import { deviceNames } from './engine-parts.js';
import type { PreparedRun } from './prepared-run.js';

/** Network speeds to estimate all-reduce times for, in bits per second. */
const NETWORKS = [1e9, 10e9, 25e9] as const;
/** The share of a network's bandwidth that carries values: 1.1 GB/s of 10 Gbit/s, as in `docs/scale.md`. */
const USED_SHARE = 0.88;
/** Latency from one machine to the next in seconds, from the same page. */
const HOP = 50e-6;

/** The all-reduce times of a step, as printed. */
export interface AllReduceTimes {
  readonly all_reduce_bytes: number;
  readonly all_reduce_messages: number;
  /** Measured, on the devices of one process. */
  readonly all_reduce_seconds?: number;
  /** Estimated, if there are several processes. */
  readonly all_reduce_expected?: readonly { readonly bits_per_second: number; readonly seconds: number }[];
}

/**
 * The all-reduce time of a step: measured over this process's devices, or estimated if other processes take part.
 *
 * @param values the number of trained values
 * @returns undefined for a single device
 */
export async function allReduceTimes(
  values: number,
  { engine, deviceRange }: Pick<PreparedRun, 'engine' | 'deviceRange'>,
  output: Output,
): Promise<AllReduceTimes | undefined> {
  const { device, devices = 1 } = engine;
  if (devices < 2) return undefined;
  const size = { devices, bytes: FLOAT_BYTES * values, messages: messagesFor(values, devices) };
  const times = { all_reduce_bytes: size.bytes, all_reduce_messages: size.messages };
  if (deviceRange === undefined) {
    const { seconds } = await runAllReduceTrial({ values, devices: deviceNames(device, devices) }, output);
    return { ...times, all_reduce_seconds: Number(seconds.toPrecision(3)) };
  }
  const sharing = device === 'cpu' && devices <= MAX_IN_ORDER ? deviceRange.count : 1;
  return { ...times, all_reduce_expected: NETWORKS.map((network) => expectedOn(network, size, sharing)) };
}

function expectedOn(
  bits: number,
  size: AllReduceSize,
  sharing: number,
): { readonly bits_per_second: number; readonly seconds: number } {
  const link: Link = { bandwidth: (USED_SHARE * bits) / 8, hop: HOP };
  return { bits_per_second: bits, seconds: Number(allReduceSeconds(size, link, sharing).toPrecision(2)) };
}

/** The all-reduce times in words. */
export function allReduceText(times: AllReduceTimes, devices: number): string {
  const { all_reduce_seconds: measured, all_reduce_expected: expected = [] } = times;
  const what =
    `(${formatBytes(times.all_reduce_bytes)} in ${formatCounted(times.all_reduce_messages, 'message')} ` +
    `on ${devices} devices)`;
  if (measured !== undefined) return `${measured} s a step, measured ${what}`;
  const estimates = expected.map(({ bits_per_second: bits, seconds }) => `${seconds} s at ${bits / 1e9} Gbit/s`);
  return `expected a step: ${estimates.join(', ')} ${what}; \`${KD} doctor\` with the same flags measures it`;
}
