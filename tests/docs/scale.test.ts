/** @file docs/scale.md: what it gives to Kubernetes and Slurm is theirs and kd's, and its table is computed. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { speedUp, speedUpTable } from '../../scripts/bench/speed-up.mjs';
import { allReduceSeconds } from '../../src/engine/all-reduce-time.js';
import { addressText } from '../../src/cluster/addresses.js';
import { findHosts } from '../../src/cluster/hosts.js';
import { kdHere } from '../in-process.js';
import { blocksOf, commandsOf, ROOT, textOf } from './documents.js';

const DOCUMENT = 'docs/scale.md';

interface TfJob {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly tfReplicaSpecs: { readonly Worker: Replicas } };
}

interface Replicas {
  readonly replicas: number;
  readonly template: { readonly spec: { readonly containers: readonly Container[] } };
}

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
}

/** What `kd train` would not know. */
async function unknownFlags(args: readonly string[]): Promise<string[]> {
  const { stdout } = await kdHere(['train', '--help'], {});
  return args.filter((each) => each.startsWith('--') && !new RegExp(`(^|[ ,])${each}\\b`, 'm').test(stdout));
}

it('the manifest describes ranks that find each other, with existing flags', async () => {
  const [text] = blocksOf(DOCUMENT, 'yaml');
  const job = parse(text) as TfJob;
  const { replicas, template } = job.spec.tfReplicaSpecs.Worker;
  const [container] = template.spec.containers;
  // as the operator wants them
  expect(container).toMatchObject({ name: 'tensorflow', ports: [{ name: 'tfjob-port' }] });
  const [command, ...flags] = container.args;
  expect(command).toBe('train');
  expect(await unknownFlags(flags)).toEqual([]);
  // the operator's, with a service for each pod
  const worker = Array.from(
    { length: replicas },
    (_, i) => `${job.metadata.name}-worker-${i}.default.svc:${container.ports[0].containerPort}`,
  );
  const ranks = worker.map((_, index) => {
    const config = { cluster: { worker }, task: { type: 'worker', index }, environment: 'cloud' };
    const hosts = findHosts({}, { TF_CONFIG: JSON.stringify(config) })!;
    expect(hosts.addresses.map(addressText)).toEqual(worker);
    return hosts.rank;
  });
  expect(ranks).toEqual([0, 1]);
});

it('the Slurm script is valid, and starts as many ranks as it requests', async () => {
  const [script] = blocksOf(DOCUMENT, 'bash');
  expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  const [, nodes] = /^#SBATCH --nodes=(\d+)$/m.exec(script)!;
  const line = script.trimEnd().split('\n').at(-1)!;
  expect(line).toMatch(/^srun kd train /);
  expect(await unknownFlags(line.split(' '))).toEqual([]);
  const found = findHosts(
    {},
    {
      SLURM_STEP_NUM_TASKS: nodes,
      SLURM_PROCID: '1',
      SLURM_STEP_NODELIST: 'gpu[07-08]',
      SLURM_STEP_TASKS_PER_NODE: `1(x${nodes})`,
      SLURM_JOB_ID: '1234567',
    },
  )!;
  expect(found.addresses.map(addressText)).toEqual(['gpu07:24567', 'gpu08:24567']);
  expect(found.rank).toBe(1);
});

const CARDS = { compute: 0.1, bytes: 272e6, bandwidth: 20e9, hop: 20e-6 };
const NETWORK = { ...CARDS, bandwidth: 1.1e9, hop: 50e-6 };

it('the table of speed-ups matches the model, and the command prints it', () => {
  expect(textOf(DOCUMENT)).toContain(speedUpTable({ 'cards: ': CARDS, 'network: ': NETWORK }));
  const command = commandsOf(DOCUMENT).find((line) => line.includes('speed-up.mjs'))!;
  const [program, ...args] = command.split(' ');
  expect(program).toBe('node');
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${speedUpTable({ '': CARDS })}\n` });
  const wrong = spawnSync(process.execPath, [args[0], '--hop', 'x'], { cwd: ROOT, encoding: 'utf8' });
  expect(wrong).toMatchObject({ status: 1, stderr: 'error: --hop: expected a number above 0, got "x"\n' });
});

it('the model is that of a ring: zero for one device, and as documented for two on a network', () => {
  const sum = { bytes: NETWORK.bytes, messages: 16 };
  expect(allReduceSeconds({ ...sum, devices: 1 }, NETWORK)).toBe(0);
  expect(speedUp(NETWORK, 1, 'same')).toBe(1);
  expect(allReduceSeconds({ ...sum, devices: 2 }, NETWORK)).toBeCloseTo(0.272 / 1.1 + 32 * 50e-6, 12); // 0.25 s
  expect(speedUp(NETWORK, 2, 'more')).toBeLessThan(1);
  for (const devices of [2, 4, 8, 16, 32, 64]) expect(speedUp(NETWORK, devices, 'same')).toBeLessThan(1);
});
