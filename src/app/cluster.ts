/** @file How a command connects to the other processes of a run. */
import { setImmediate } from 'node:timers/promises';
import type { IdleFlags } from './idle-flags.js';
import type { Output } from './output.js';
import { messageOf } from '../base/errors.js';
import { VERSION } from '../base/version.js';
import type { Hosts } from '../cluster/addresses.js';
import { findHosts, type HostFlags } from '../cluster/hosts.js';
import { readClusterKey } from '../cluster/key.js';
import type { Network } from '../cluster/network.js';
import { openNetwork } from '../cluster/open-network.js';
import { meetRanks, type Ranks } from '../cluster/ranks.js';
import { SILENT_IN_CLUSTER } from '../tensorflow/native-backend.js';

/** Flags that describe the processes of a run. */
export interface ClusterFlags extends HostFlags {
  readonly clusterTimeout: number;
  readonly clusterKey?: string | undefined;
  readonly interface?: string | undefined;
}

/** The processes of a run and the network between them. */
export interface Cluster {
  readonly hosts: Hosts;
  readonly network: Network;
  /** Seconds. */
  readonly timeout: number;
  readonly hasKey: boolean;
}

/** The flags that have no effect on a process alone. */
export function idleClusterFlags(cluster: Cluster | undefined): IdleFlags {
  const names: readonly (keyof ClusterFlags)[] = ['clusterTimeout', 'clusterKey', 'interface'];
  return [names, cluster === undefined, "without --hosts, TF_CONFIG or Slurm's variables"];
}

/**
 * Finds the other processes of a run without connecting to them.
 *
 * @returns undefined for a single process
 * @throws InputError if they are described wrongly
 */
export async function findCluster(flags: ClusterFlags, output: Output): Promise<Cluster | undefined> {
  const hosts = findHosts(flags, process.env);
  if (hosts === undefined) return undefined;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= SILENT_IN_CLUSTER;
  const key = await readClusterKey(flags.clusterKey, process.env);
  const network = openNetwork(hosts, {
    key,
    networkDevice: flags.interface,
    onRefused: (text) => {
      output.warn(text);
    },
  });
  if (flags.interface !== undefined)
    output.warn(`--interface ${flags.interface}: anyone who can reach this network interface can run code as you`);
  return { hosts, network, timeout: flags.clusterTimeout, hasKey: key !== undefined };
}

/**
 * Connects to the other processes of a run.
 *
 * @param command the command that every process must be running
 * @throws InputError
 */
export function meetCluster(
  { hasKey, ...cluster }: Cluster,
  command: 'kd train' | 'kd doctor',
  stop: AbortSignal,
  output: Output,
): Promise<Ranks> {
  const { rank, addresses } = cluster.hosts;
  const how = hasKey ? ', with a key' : '';
  output.message(`rank ${rank} of ${addresses.length}: waiting for the others${how} …`);
  return meetRanks({ ...cluster, version: VERSION, command }, stop);
}

/** Milliseconds to get the error message out before exiting. */
const LAST_WORDS_MS = 100;

/**
 * Tells the other ranks what went wrong and exits soon: TensorFlow may be waiting for a rank forever. If all ranks get
 * a signal and another one tells so first, this one still answers its own.
 */
export async function leave(ranks: Ranks, error: unknown): Promise<void> {
  await setImmediate(); // signals are handled after messages that have arrived with them
  await ranks.fail(messageOf(error));
  setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
}
