/** @file The flags that place a process among several, and how a command connects to the others. */
import { Option, type Command } from 'commander';
import type { Output } from '../app/output.js';
import { messageOf } from '../base/errors.js';
import { COUNT, type Kind } from '../base/kinds.js';
import { VERSION } from '../base/version.js';
import type { Hosts } from '../cluster/addresses.js';
import { findHosts, type HostFlags } from '../cluster/hosts.js';
import { readClusterKey } from '../cluster/key.js';
import type { Network } from '../cluster/network.js';
import { openNetwork } from '../cluster/open-network.js';
import { meetRanks, type Ranks } from '../cluster/ranks.js';
import { SILENT_IN_CLUSTER } from '../tensorflow/native-backend.js';
import { parserOf } from './flags.js';

/** Flags that describe the processes of a run. */
export interface ClusterFlags extends HostFlags {
  readonly clusterTimeout: number;
  readonly clusterKey?: string | undefined;
  readonly interface?: string | undefined;
}

/** The names of these flags. They belong to a process and are not settings of the run. */
const NAMES: Readonly<Record<keyof ClusterFlags, true>> = {
  hosts: true,
  rank: true,
  clusterTimeout: true,
  clusterKey: true,
  interface: true,
};

/** Whether a flag is one of these. */
export const isClusterFlag = (name: string): boolean => Object.hasOwn(NAMES, name);

/** Separates the cluster flags from the rest. */
export function clusterFlagsOf<Flags extends ClusterFlags>(
  flags: Flags,
): [cluster: ClusterFlags, others: Omit<Flags, keyof ClusterFlags>] {
  const entries = Object.entries(flags) as [string, unknown][];
  const those = (are: boolean): object => Object.fromEntries(entries.filter(([name]) => isClusterFlag(name) === are));
  return [those(true) as ClusterFlags, those(false) as Omit<Flags, keyof ClusterFlags>];
}

const RANK: Kind<number> = {
  expected: 'a whole number of at least 0',
  is: (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0,
  parse: (text) => (text.trim() === '' ? undefined : Number(text)),
};

/** Adds the flags to a command. */
export function addClusterFlags(command: Command): Command {
  return command
    .optionsGroup('Several processes:')
    .option('--hosts <host:port,...>', 'the addresses of all ranks that share out the run (else TF_CONFIG, or Slurm)')
    .addOption(new Option('--rank <number>', "this process's place among --hosts, from 0").argParser(parserOf(RANK)))
    .option('--cluster-key <file>', 'a key that all ranks have, for several machines (else KD_CLUSTER_KEY)')
    .option('--interface <name>', 'in place of a key: a network device that only trusted machines reach')
    .addOption(
      new Option('--cluster-timeout <seconds>', 'how long a rank waits for another')
        .argParser(parserOf(COUNT))
        .default(300),
    );
}

/** The processes of a run and the network between them. */
export interface Cluster {
  readonly hosts: Hosts;
  readonly network: Network;
  /** Seconds. */
  readonly timeout: number;
  readonly hasKey: boolean;
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
    output.warn(`--interface ${flags.interface}: whoever reaches this network device can run code as you`);
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

/** Tells the other ranks what went wrong and exits soon: TensorFlow may be waiting for a rank forever. */
export async function leave(ranks: Ranks, error: unknown): Promise<void> {
  await ranks.fail(messageOf(error));
  setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
}
