/** @file Finds the processes that share a run's steps, from flags or from the launcher's environment. */
import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { checkJson, listOf, mapOf, object, text, whole } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import { addressText, type Address, type Hosts } from './addresses.js';
import { slurmHosts } from './slurm.js';

/** The flags that describe the processes. */
export interface HostFlags {
  /** `a:2222,b:2222` */
  readonly hosts?: string | undefined;
  readonly rank?: number | undefined;
}

/**
 * The processes of a run, from flags, or else `TF_CONFIG`, or else Slurm's variables.
 *
 * @returns undefined for a single process
 * @throws InputError if they are described wrongly
 */
export function findHosts({ hosts, rank }: HostFlags, env: NodeJS.ProcessEnv): Hosts | undefined {
  if (hosts !== undefined || rank !== undefined) return givenHosts(hosts, rank);
  const { TF_CONFIG: config = '' } = env;
  const found = config.trim() === '' ? slurmHosts(env) : hostsOf(config);
  return found !== undefined && found.addresses.length > 1 ? found : undefined;
}

function givenHosts(hosts: string | undefined, rank: number | undefined): Hosts {
  if (hosts === undefined)
    throw new InputError(`--rank ${rank}: expected --hosts, too, with the addresses of all ranks; give both`);
  const addresses = hosts.split(',').map((each) => addressOf(each.trim(), '--hosts'));
  if (rank === undefined)
    throw new InputError(
      `--hosts ${hosts}: expected --rank, too, from 0 to ${addresses.length - 1}, as this process's place among them`,
    );
  if (rank >= addresses.length)
    throw new InputError(
      `--rank ${rank}: expected a rank from 0 to ${addresses.length - 1}, as --hosts names ${addresses.length}`,
    );
  return distinct({ addresses, rank }, '--hosts');
}

/** The jobs of `TF_CONFIG` whose tasks train, in rank order. */
const JOBS = ['chief', 'master', 'worker'] as const;

const TF_CONFIG = object({
  cluster: mapOf(listOf(text)),
  task: object({ type: text, index: v.union([whole(0), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))]) }),
});

/** The tasks of `TF_CONFIG`, read as by TensorFlow's `TFConfigClusterResolver`. */
function hostsOf(config: string): Hosts {
  const advice = 'set it as for TensorFlow, or unset it';
  const { cluster, task } = checkJson(TF_CONFIG, parseJson(config, 'TF_CONFIG'), 'TF_CONFIG', advice);
  if ((cluster.ps ?? []).length > 0)
    throw new InputError('TF_CONFIG: expected workers alone, got parameter servers ("ps"), which kd does not use');
  const tasks = JOBS.flatMap((type) => (cluster[type] ?? []).map((address, index) => ({ type, index, address })));
  const rank = tasks.findIndex(({ type, index }) => type === task.type && index === task.index);
  if (rank === -1)
    throw new InputError(
      `TF_CONFIG: expected the task ${JSON.stringify(task.type)} ${task.index} to be one of the cluster's ` +
        `${tasks.length} (${JOBS.join(', ')}); ${advice}`,
    );
  return distinct({ addresses: tasks.map(({ address }) => addressOf(address, 'TF_CONFIG')), rank }, 'TF_CONFIG');
}

/** `host:port`, `[::1]:port` */
function addressOf(text: string, where: string): Address {
  const [, bracketed, plain, digits = ''] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535)
    throw new InputError(`${where}: expected addresses as host:port, got ${JSON.stringify(text)}`);
  return { host, port };
}

function distinct(hosts: Hosts, where: string): Hosts {
  const seen = new Set<string>();
  for (const address of hosts.addresses.map(addressText)) {
    if (seen.has(address))
      throw new InputError(`${where}: expected a different address for each rank, got ${address} twice`);
    seen.add(address);
  }
  return hosts;
}
