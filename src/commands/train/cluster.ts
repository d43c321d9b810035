/** @file `kd train` as one of several processes that share out a run. */
import { Option, type Command } from 'commander';
import type { Output } from '../../app/output.js';
import { InputError, messageOf } from '../../base/errors.js';
import { COUNT, type Kind } from '../../base/kinds.js';
import { VERSION } from '../../base/version.js';
import { findHosts, type HostFlags } from '../../cluster/hosts.js';
import { readClusterKey } from '../../cluster/key.js';
import { openNetwork } from '../../cluster/open-network.js';
import { meetRanks, type Ranks } from '../../cluster/ranks.js';
import { SILENT_IN_CLUSTER } from '../../tensorflow/backend.js';
import type { TakenPart } from '../../training/part.js';
import { parserOf } from '../flags.js';

/** Flags that describe the processes of a run. */
export interface ClusterFlags extends HostFlags {
  readonly clusterTimeout: number;
  readonly clusterKey?: string | undefined;
  readonly interface?: string | undefined;
}

/** The flags' names: they are of a process, not settings of the run. */
export const CLUSTER_FLAGS: readonly string[] = [
  'hosts',
  'rank',
  'clusterTimeout',
  'clusterKey',
  'interface',
] satisfies (keyof ClusterFlags)[];

const RANK: Kind<number> = {
  expected: 'a whole number of at least 0',
  is: (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0,
  parse: (text) => (text.trim() === '' ? undefined : Number(text)),
};

/** The flags that describe processes, and the others. */
export function clusterFlagsOf<Flags extends ClusterFlags>(
  flags: Flags,
): [cluster: ClusterFlags, others: Omit<Flags, keyof ClusterFlags>] {
  const { hosts, rank, clusterTimeout, clusterKey, interface: networkDevice, ...others } = flags;
  return [{ hosts, rank, clusterTimeout, clusterKey, interface: networkDevice }, others];
}

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

/**
 * Meets the other processes of a run.
 *
 * @returns undefined for a process alone
 * @throws InputError
 */
export async function openRanks(flags: ClusterFlags, stop: AbortSignal, output: Output): Promise<Ranks | undefined> {
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
  const count = hosts.addresses.length;
  output.message(`rank ${hosts.rank} of ${count}: waiting for the others${key === undefined ? '' : ', with a key'} …`);
  return meetRanks({ hosts, network, version: VERSION, timeout: flags.clusterTimeout }, stop);
}

/** Throws an `InputError` where other processes are named for what one does alone. */
export function checkIsAlone({ hosts, rank }: HostFlags): void {
  if (hosts !== undefined || rank !== undefined)
    throw new InputError('--dry-run: expected neither --hosts nor --rank, as one process looks alone; leave them out');
}

/** Prints what a process other than the first did. */
export function sayPart({ rank, ranks, step, stopped }: TakenPart, output: Output): void {
  output.result(`rank ${rank} of ${ranks}: ${stopped ? 'stopped after' : 'done at'} step ${step}`, {
    event: 'part',
    rank,
    ranks,
    steps: step,
    stopped,
  });
}

/** Milliseconds in which what went wrong is said. */
const LAST_WORDS_MS = 100;

/**
 * Tells the other ranks what went wrong, and ends soon: what TensorFlow still computes may wait for a rank for ever.
 */
export async function leave(ranks: Ranks, error: unknown): Promise<void> {
  await ranks.fail(messageOf(error));
  setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
}
