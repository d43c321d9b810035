/** @file The checks of `kd doctor`, in order, and their findings. */
import { detectGpus } from '../../tensorflow/nvidia.js';
import type { DeviceChoice } from '../../tensorflow/device-choice.js';
import { InputError } from '../../base/errors.js';
import { formatBytes } from '../../base/format.js';
import { RAISE_OPEN_FILES } from '../../base/system-errors.js';
import { check, type Finding } from './finding.js';
import { gpuFindings } from './gpu-findings.js';
import { ENOUGH_FILES, type MachineFacts } from './machine-facts.js';
import { speedFindings, tensorflowFinding, usedFinding } from './tensorflow-findings.js';

const OLDEST_NODE = [20, 19] as const;
/** The size of a few checkpoints of klue/roberta-small, with the optimiser's state. */
const RUN_BYTES = 5e9;

/** Runs all checks, yielding each finding as soon as it is made. */
export async function* examine(machine: MachineFacts, device: DeviceChoice): AsyncGenerator<Finding> {
  yield nodeFinding(machine);
  yield cpuFinding(machine);
  yield {
    name: 'memory',
    ok: true,
    found: `${formatBytes(machine.memory.free)} free of ${formatBytes(machine.memory.total)}`,
  };
  yield diskFinding(await machine.freeDisk('.'));
  if (machine.openFiles < ENOUGH_FILES) yield filesFinding(machine);
  yield await hubFinding(machine);
  const nvidia = await detectGpus(machine);
  const wantsGpu = device !== 'cpu' && (nvidia.state !== 'absent' || device !== 'auto');
  if (wantsGpu) yield* gpuFindings(machine, nvidia, device);
  const report = await machine.loadTensorflow({ device: wantsGpu ? device : 'cpu', tf32: false });
  yield tensorflowFinding(machine, report);
  yield usedFinding(nvidia, device, report);
  if (typeof report !== 'string') yield* speedFindings(machine, device, report);
}

function nodeFinding({ node }: MachineFacts): Finding {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return check('Node', ok, node, `install Node ${OLDEST_NODE.join('.')} or newer`);
}

function cpuFinding({ cpu: { name, cores, features }, platform, arch }: MachineFacts): Finding {
  const wide = Object.entries({ avx512f: 'AVX-512', avx512_bf16: 'AVX-512 BF16', amx_bf16: 'AMX BF16' });
  const present = wide.filter(([feature]) => features.has(feature)).map(([, label]) => label);
  const ok = platform === 'linux' && arch === 'x64';
  const extensions = present.length === 0 ? '' : ` (${present.join(', ')})`;
  const found = `${cores} cores, ${name}${extensions}${ok ? '' : `, ${platform} ${arch}`}`;
  return check('CPU', ok, found, 'TensorFlow is set up on Linux x64 only: use such a machine, or WSL 2 on Windows');
}

function filesFinding({ openFiles }: MachineFacts): Finding {
  return { name: 'open files', ok: false, found: `at most ${openFiles} at once`, remedy: RAISE_OPEN_FILES };
}

function diskFinding(free: number): Finding {
  return check(
    'disk',
    free >= RUN_BYTES,
    free === Infinity ? 'the system does not say how much is free' : `${formatBytes(free)} free here`,
    `free some space: a run with full-size models needs ${formatBytes(RUN_BYTES)}`,
  );
}

async function hubFinding(machine: MachineFacts): Promise<Finding> {
  const name = 'network';
  const reached = await machine.reachHub().catch((error: unknown) => {
    if (error instanceof InputError) return error;
    throw error;
  });
  if (reached instanceof InputError)
    return { name, ok: false, found: reached.message, remedy: 'correct the variable, or unset it' };
  const { address, milliseconds, failure, proxy, offline } = reached;
  const { host } = new URL(address);
  if (offline !== undefined) return { name, ok: true, found: `${host} was not contacted, because ${offline} is set` };
  const route = proxy === undefined ? '' : ` through the proxy ${proxy.address}`;
  const folders = 'name models and tokenizers by folders';
  return check(
    name,
    failure === undefined,
    failure === undefined ? `${host} answers in ${milliseconds} ms${route}` : `${host} cannot be reached (${failure})`,
    proxy === undefined
      ? `${folders}, or set HTTPS_PROXY or HF_ENDPOINT`
      : `${folders}, or correct ${proxy.variable}, or name ${host} in NO_PROXY`,
  );
}
