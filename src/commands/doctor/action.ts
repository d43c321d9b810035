/** @file What `kd doctor` does. */
import type { Command } from 'commander';
import { isMultiDevice, checkCpuDevices, firstDevice } from '../../tensorflow/gpu-choice.js';
import type { DevicesChoice } from '../../tensorflow/device-choice.js';
import { examine } from '../../app/doctor/findings.js';
import { thisMachineFacts } from '../../app/doctor/machine-facts.js';
import type { Output } from '../../app/output.js';
import { findCluster, idleClusterFlags, type ClusterFlags } from '../../app/cluster.js';
import { examineDevices } from './devices.js';
import { findingText } from '../../app/doctor/finding-text.js';
import { warnOfIdle } from '../flags.js';

/** The flags of `kd doctor`. */
export type DoctorFlags = ClusterFlags & { readonly device: DevicesChoice; readonly student: string };

/** Examines this machine, and the devices or processes that would share a run. */
export async function examineAll(
  { device, student, ...flags }: DoctorFlags,
  command: Command,
  output: Output,
): Promise<void> {
  checkCpuDevices(device);
  const cluster = await findCluster(flags, output);
  const isShared = cluster !== undefined || isMultiDevice(device);
  warnOfIdle(command, [idleClusterFlags(cluster), [['student'], !isShared, 'to a single device']], output);
  for await (const finding of examine(thisMachineFacts, firstDevice(device)))
    output.result(findingText(finding, output.columns), { event: 'finding', ...finding });
  if (isShared) await examineDevices({ student, device }, cluster, output);
}
