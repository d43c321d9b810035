/** @file What `kd doctor` reports about devices that would share a run. */
import type { Finding } from '../../app/doctor/finding.js';
import type { Output } from '../../app/output.js';
import { formatBytes, formatCounted } from '../../base/format.js';
import { VERSION } from '../../base/version.js';
import { bandwidthOf } from '../../engine/all-reduce-time.js';
import { checkDevices, type CheckedDevices, type DevicesCheck } from '../../training/device-check.js';
import { leave, meetCluster, type Cluster } from '../../app/cluster.js';
import { findingText } from '../../app/doctor/finding-text.js';

/**
 * Connects to the other ranks, if any, and reports how fast all devices sum gradients.
 *
 * @throws InputError with the messages of `kd train`
 */
export async function examineDevices(
  asked: Omit<CheckedDevices, 'ranks'>,
  cluster: Cluster | undefined,
  output: Output,
): Promise<void> {
  const ranks = cluster && (await meetCluster(cluster, 'kd doctor', new AbortController().signal, output));
  try {
    const check = await checkDevices({ ...asked, ranks }, output);
    await ranks?.end();
    if (check === undefined) return;
    for (const finding of ranksFindings(check))
      output.result(findingText(finding, output.columns), { event: 'finding', ...finding });
    output.result(findingText(rateFinding(check, asked.student), output.columns), eventOf(check, asked.student));
  } catch (error) {
    if (ranks !== undefined) await leave(ranks, error);
    throw error;
  }
}

function ranksFindings({ version, roundTrips }: DevicesCheck): Finding[] {
  if (roundTrips === undefined) return [];
  const others = roundTrips.flatMap((row, from) => row.filter((_, to) => to !== from)).map((seconds) => 1000 * seconds);
  const [least, most] = [Math.min(...others), Math.max(...others)].map((milliseconds) => milliseconds.toPrecision(2));
  return [
    { name: 'ranks', ok: true, found: `${roundTrips.length}, all with kd ${VERSION} and TensorFlow ${version}` },
    { name: 'reach', ok: true, found: `each reaches all others; ${least} to ${most} ms there and back` },
  ];
}

function rateFinding({ rate }: DevicesCheck, student: string): Finding {
  const { devices, bytes, messages, seconds, latency } = rate;
  return {
    name: 'all-reduce',
    ok: true,
    found:
      `${seconds.toPrecision(3)} s a step for ${student} (${formatBytes(bytes)}) on ${devices} devices, ` +
      `${(bandwidthOf(rate) / 1e9).toPrecision(3)} GB/s; of that, ${(1000 * latency).toPrecision(2)} ms are the ` +
      `latency of ${formatCounted(messages, 'message')}`,
  };
}

function eventOf({ rate, roundTrips }: DevicesCheck, student: string): object {
  return {
    event: 'all-reduce',
    student,
    devices: rate.devices,
    bytes: rate.bytes,
    messages: rate.messages,
    seconds: rate.seconds,
    latency_seconds: rate.latency,
    bytes_per_second: bandwidthOf(rate),
    ...(roundTrips && { ranks: roundTrips.length, round_trip_seconds: roundTrips }),
  };
}
