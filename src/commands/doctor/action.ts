/** @file What `kd doctor` does. */
import { isMultiDevice, checkCpuDevices, firstDevice } from '../../tensorflow/gpu-choice.js';
import type { DevicesChoice } from '../../tensorflow/device-choice.js';
import { examine } from '../../app/doctor/findings.js';
import { thisMachineFacts } from '../../app/doctor/machine-facts.js';
import type { Output } from '../../app/output.js';
import { findCluster, type ClusterFlags } from '../../app/cluster.js';
import { examineDevices } from './devices.js';
import { DEFAULTS } from '../../training/settings.js';
import { findingText } from './finding-text.js';

/** The flags of `kd doctor`. */
export type DoctorFlags = ClusterFlags & { readonly device: DevicesChoice; readonly student: string };

/** Examines this machine, and the devices or processes that would share a run. */
export async function examineAll({ device, student, ...flags }: DoctorFlags, output: Output): Promise<void> {
  checkCpuDevices(device);
  const cluster = await findCluster(flags, output);
  for await (const finding of examine(thisMachineFacts, firstDevice(device)))
    output.result(findingText(finding, output.columns), { event: 'finding', ...finding });
  if (cluster !== undefined || isMultiDevice(device)) await examineDevices({ student, device }, cluster, output);
  else if (student !== DEFAULTS.student) output.warn('--student: not applied to a single device');
}
