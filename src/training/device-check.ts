/** @file Checks devices that would share a run: whether they can reach each other, and how fast they sum gradients. */
import { checkFamily } from '../app/fetch-model.js';
import type { Progress, Reporter } from '../app/reporter.js';
import { formatBytes, formatCount, formatCounted } from '../base/format.js';
import type { Ranks } from '../cluster/ranks.js';
import { measureAllReduce, type AllReduceRate, type AllReduceTrial } from '../engine/all-reduce-rate.js';
import { hasLargeModel, loadOptionsFor } from '../engine/step-layout.js';
import { buildTextEncoder } from '../models/build.js';
import { publishedConfig } from '../models/pretrained.js';
import { countParameters, FLOAT_BYTES } from '../models/text-encoder.js';
import { loadBackend } from '../tensorflow/backend.js';
import type { DevicesChoice } from '../tensorflow/device-choice.js';
import { deviceNames } from './engine-parts.js';
import { openGroup } from './group.js';
import { checkEqualOnRanks, countDevices } from './sharing.js';

/** What to check. */
export interface CheckedDevices {
  readonly student: string;
  readonly device: DevicesChoice;
  /** The processes whose devices they are; absent for one alone. */
  readonly ranks?: Ranks | undefined;
}

/** The results of the check. */
export interface DevicesCheck {
  readonly version: string;
  readonly rate: AllReduceRate;
  /** Round-trip seconds from every rank to every other; absent for a single process. */
  readonly roundTrips?: readonly (readonly number[])[] | undefined;
}

/**
 * Connects all devices as in training, and measures how long they take to sum gradients of the student's size. All
 * ranks must call it together.
 *
 * @returns undefined for one device of one process
 * @throws InputError, on all ranks, for anything that would keep them from training together; LostRankError
 */
export async function checkDevices(
  { student, device, ranks }: CheckedDevices,
  reporter: Reporter,
): Promise<DevicesCheck | undefined> {
  const encoder = buildTextEncoder(publishedConfig(student) ?? (await checkFamily(student, '--student', reporter)));
  const values = countParameters(encoder.shapes);
  const isShared = ranks !== undefined;
  const backend = await loadBackend('tensorflow', device, {
    ...loadOptionsFor(hasLargeModel([encoder])),
    isShared,
    onNotice: (text) => {
      reporter.message(text);
    },
  });
  const { version = 'none', devices: own = 1 } = backend;
  const trial = { values, devices: deviceNames(backend.device, own) };
  if (ranks === undefined) return own < 2 ? undefined : { version, rate: await runAllReduceTrial(trial, reporter) };
  const parameters = `${formatCount(values)} parameters`;
  const facts = { TensorFlow: version, device: backend.device, '--student of': parameters };
  await checkEqualOnRanks(ranks, facts, { topic: 'devices' });
  const { devices, deviceRange } = await countDevices(ranks, own, backend.uuids);
  const { group, roundTrips } = await openGroup(ranks, { device: backend.device, devices, deviceRange });
  return { version, roundTrips, rate: await ranks.orLost(runAllReduceTrial({ ...trial, group }, reporter)) };
}

/** Measures an all-reduce over devices and reports it. */
export async function runAllReduceTrial(
  trial: Omit<AllReduceTrial, 'onRound'> & { readonly devices: readonly string[] },
  reporter: Reporter,
): Promise<AllReduceRate> {
  const devices = formatCounted(trial.group?.devices ?? trial.devices.length, 'device');
  reporter.message(`adding up ${formatBytes(FLOAT_BYTES * trial.values)} over ${devices} …`);
  let progress: Progress | undefined;
  try {
    return await measureAllReduce({
      ...trial,
      onRound: (done, rounds) => {
        progress ??= reporter.progress('all-reduce', rounds, 'sums');
        progress.update(done);
      },
    });
  } finally {
    progress?.stop();
  }
}
