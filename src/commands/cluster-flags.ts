/** @file The flags that place a process among several. */
import { Option, type Command } from 'commander';
import { COUNT, numbers } from '../base/kinds.js';
import { CLUSTER_TIMEOUT } from '../app/cluster-defaults.js';
import type { ClusterFlags } from '../app/cluster.js';
import { parserOf } from './flags.js';

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

const RANK = numbers('a whole number of at least 0', (value) => Number.isSafeInteger(value) && value >= 0);

/** Adds the flags to a command. */
export function addClusterFlags(command: Command): Command {
  return command
    .optionsGroup('Several processes:')
    .option('--hosts <host:port,...>', 'the addresses of all ranks that share the run (else TF_CONFIG, or Slurm)')
    .addOption(new Option('--rank <number>', "this process's place among --hosts, from 0").argParser(parserOf(RANK)))
    .option('--cluster-key <file>', 'a key that all ranks have, for several machines (else KD_CLUSTER_KEY)')
    .option('--interface <name>', 'instead of a key: a network interface that only trusted machines can reach')
    .addOption(
      new Option('--cluster-timeout <seconds>', 'how long a rank waits for another')
        .argParser(parserOf(COUNT))
        .default(CLUSTER_TIMEOUT),
    );
}
