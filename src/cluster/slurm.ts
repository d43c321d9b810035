/**
 * @file The processes of a Slurm job step, from the variables that `srun` sets (https://slurm.schedmd.com/srun.html).
 */
import { InputError } from '../base/errors.js';
import type { Hosts } from './addresses.js';

/** Ports are this plus a number from the job's id: Slurm assigns none, and jobs may share a host. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/**
 * The processes of this job step.
 *
 * @returns undefined outside of Slurm, or for a step of one process
 * @throws InputError for invalid variables
 */
export function slurmHosts(env: NodeJS.ProcessEnv): Hosts | undefined {
  const { SLURM_STEP_NUM_TASKS, SLURM_PROCID, SLURM_STEP_NODELIST, SLURM_STEP_TASKS_PER_NODE, SLURM_JOB_ID } = env;
  const count = Number(SLURM_STEP_NUM_TASKS ?? 1);
  if (count < 2) return undefined;
  const nodes = nodesOf(SLURM_STEP_NODELIST ?? '');
  const tasks = tasksOf(SLURM_STEP_TASKS_PER_NODE ?? '');
  const rank = Number(SLURM_PROCID ?? NaN);
  const addresses = nodes.flatMap((host, i) => Array.from({ length: tasks[i] ?? 0 }, (_, local) => ({ host, local })));
  if (addresses.length !== count || !Number.isInteger(rank) || rank < 0 || rank >= count)
    throw new InputError(
      `Slurm: expected ${SLURM_STEP_NUM_TASKS} tasks in SLURM_STEP_NODELIST and SLURM_STEP_TASKS_PER_NODE, and this ` +
        `one in SLURM_PROCID, got ${addresses.length} and ${SLURM_PROCID ?? 'nothing'}; describe them by --hosts and ` +
        '--rank',
    );
  const first = FIRST_PORT + (Number(SLURM_JOB_ID ?? 0) % PORTS);
  return { rank, addresses: addresses.map(({ host, local }) => ({ host, port: first + local })) };
}

/** `a,node[01-03,7]` → `a`, `node01`, `node02`, `node03`, `node7` */
function nodesOf(list: string): string[] {
  return [...list.matchAll(/([\w.-]+)(?:\[([\d,-]+)\])?([\w.-]*)/g)].flatMap(([, head = '', ranges, tail = '']) =>
    ranges === undefined ? [head] : ranges.split(',').flatMap((range) => numbersOf(range).map((n) => head + n + tail)),
  );
}

/** `01-03` → `01`, `02`, `03` */
function numbersOf(range: string): string[] {
  const [first = '', last = first] = range.split('-');
  const count = Math.max(0, Number(last) - Number(first) + 1);
  return Array.from({ length: Math.min(count, PORTS) }, (_, i) =>
    String(Number(first) + i).padStart(first.length, '0'),
  );
}

/** `2(x3),1` → 2, 2, 2, 1 */
function tasksOf(list: string): number[] {
  return [...list.matchAll(/(\d+)(?:\(x(\d+)\))?/g)].flatMap(([, tasks, times = '1']) =>
    Array.from({ length: Math.min(Number(times), PORTS) }, () => Number(tasks)),
  );
}
