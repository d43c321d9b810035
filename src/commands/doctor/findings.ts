/** @file The checks of `kd doctor`, in order, and their findings. */
import { KD } from '../../base/own-command.js';
import { hangingText } from '../../base/wrap.js';
import { setupCommand } from '../../base/setup-command.js';
import { findLibraries, GPU_LIBRARIES, librariesProblem } from '../../tensorflow/cuda-libraries.js';
import { chooseGpu, type DeviceChoice, type Problem } from '../../tensorflow/gpu-choice.js';
import { buildProblem, cardProblem, driverProblem } from '../../tensorflow/gpu-problem.js';
import { hasTensorCores, lookForGpus, type Gpu, type Nvidia } from '../../tensorflow/nvidia.js';
import { InputError } from '../../base/errors.js';
import { formatBytes, formatFlops } from '../../base/format.js';
import { choosePrecision } from '../../engine/precision.js';
import type { MachineFacts } from './machine-facts.js';
import type { TensorflowReport } from './probe.js';

/** One thing looked at. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do, where it is not ok. */
  readonly remedy?: string;
}

/** A finding as it is shown in a terminal of so many columns. */
export function findingText({ name, ok, found, remedy }: Finding, columns = Infinity): string {
  return hangingText(`${ok ? '✓' : '✗'} ${name}`, `${found}${remedy === undefined ? '' : `; ${remedy}`}`, 14, columns);
}

const OLDEST_NODE = [20, 19] as const;
/** A few checkpoints of klue/roberta-small, with the optimiser's state. */
const RUN_BYTES = 5e9;
/** More than Node, TensorFlow and a run's own files come to. */
const ENOUGH_FILES = 256;
const RAISE_FILES = 'raise the limit: ulimit -n 1024';
const LIBRARY_NAMES = new Set<string>(GPU_LIBRARIES);

/** Looks at everything; findings come as they are made. */
export async function* examine(machine: MachineFacts, device: DeviceChoice): AsyncGenerator<Finding> {
  yield nodeFinding(machine);
  yield processorFinding(machine);
  yield {
    name: 'memory',
    ok: true,
    found: `${formatBytes(machine.memory.free)} free of ${formatBytes(machine.memory.total)}`,
  };
  yield diskFinding(await machine.freeDisk('.'));
  if (machine.openFiles < ENOUGH_FILES) yield filesFinding(machine);
  yield await hubFinding(machine);
  const nvidia = await lookForGpus(machine);
  const wantsGpu = device !== 'cpu' && (nvidia.state !== 'absent' || device !== 'auto');
  if (wantsGpu) yield* gpuFindings(machine, nvidia, device);
  const report = await machine.loadTensorflow({ device: wantsGpu ? device : 'cpu', tf32: false });
  yield tensorflowFinding(machine, report);
  yield usedFinding(nvidia, device, report);
  if (typeof report !== 'string') yield* speedFindings(machine, device, report);
}

/** A finding that needs a remedy only where it is not ok. */
function check(name: string, ok: boolean, found: string, remedy: string): Finding {
  return ok ? { name, ok, found } : { name, ok, found, remedy };
}

function ailing(name: string, { found, remedy }: Problem): Finding {
  return { name, ok: false, found, remedy };
}

function nodeFinding({ node }: MachineFacts): Finding {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return check('Node', ok, node, `install Node ${OLDEST_NODE.join('.')} or newer`);
}

function processorFinding({ processor: { name, cores, features }, platform, arch }: MachineFacts): Finding {
  const wide = Object.entries({ avx512f: 'AVX-512', avx512_bf16: 'AVX-512 BF16', amx_bf16: 'AMX BF16' });
  const present = wide.filter(([feature]) => features.has(feature)).map(([, label]) => label);
  const ok = platform === 'linux' && arch === 'x64';
  const extensions = present.length === 0 ? '' : ` (${present.join(', ')})`;
  const found = `${cores} cores, ${name}${extensions}${ok ? '' : `, ${platform} ${arch}`}`;
  return check(
    'processor',
    ok,
    found,
    'TensorFlow is set up on Linux x64 only: use such a machine, or WSL 2 on Windows',
  );
}

function filesFinding({ openFiles }: MachineFacts): Finding {
  return { name: 'open files', ok: false, found: `at most ${openFiles} at once`, remedy: RAISE_FILES };
}

function diskFinding(free: number): Finding {
  return check(
    'disk',
    free >= RUN_BYTES,
    `${formatBytes(free)} free here`,
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
  if (offline === true) return { name, ok: true, found: `${host} was not asked, because HF_HUB_OFFLINE is set` };
  const route = proxy === undefined ? '' : ` by the proxy ${proxy.address}`;
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

/** Driver, GPUs and libraries: each where the one before leaves something to look at. */
async function* gpuFindings(machine: MachineFacts, nvidia: Nvidia, device: DeviceChoice): AsyncGenerator<Finding> {
  const driver = driverProblem(nvidia);
  yield driver === undefined
    ? {
        name: 'driver',
        ok: true,
        found: nvidia.state === 'present' ? `NVIDIA ${nvidia.driver}` : 'NVIDIA, without nvidia-smi',
      }
    : ailing('driver', driver);
  if (nvidia.state === 'present') for (const gpu of nvidia.gpus) yield gpuFinding(gpu);
  if (nvidia.state === 'present' || nvidia.state === 'untold') {
    const chosen = chooseGpu(nvidia, device, machine.env);
    yield 'found' in chosen
      ? ailing('device', chosen)
      : { name: 'device', ok: true, found: `${device}: CUDA_VISIBLE_DEVICES=${chosen.visible}` };
  }
  const build = buildProblem(machine);
  if (build !== undefined) yield ailing('build', build);
  else yield* libraryFindings(machine);
}

function gpuFinding(gpu: Gpu): Finding {
  const problem = cardProblem(gpu);
  if (problem !== undefined) return ailing(`GPU ${gpu.index}`, problem);
  const capability = gpu.capability === undefined ? '' : `, compute capability ${gpu.capability.toFixed(1)}`;
  return {
    name: `GPU ${gpu.index}`,
    ok: true,
    found: `${gpu.name}, ${formatBytes(gpu.freeBytes)} free of ${formatBytes(gpu.totalBytes)}${capability}`,
  };
}

/** A line a library that TensorFlow opens, and a file that XLA needs; with a remedy for those that are missing. */
async function* libraryFindings(machine: MachineFacts): AsyncGenerator<Finding> {
  const problem = await librariesProblem(machine);
  for (const { name, path, version } of await findLibraries(machine)) {
    const label = LIBRARY_NAMES.has(name) ? name : `${name} (XLA)`;
    if (path === undefined) yield { name: 'CUDA', ok: false, found: `${label} is missing`, remedy: problem!.remedy };
    else yield { name: 'CUDA', ok: true, found: `${label}${version === undefined ? '' : ` ${version}`}, ${path}` };
  }
}

function tensorflowFinding(machine: MachineFacts, report: TensorflowReport | string): Finding {
  if (typeof report === 'string')
    return {
      name: 'TensorFlow',
      ok: false,
      found: `it crashes when it is loaded (${report})`,
      remedy:
        machine.openFiles < ENOUGH_FILES
          ? 'it may need more open files: raise the limit before anything else, ulimit -n 1024'
          : `run ${setupCommand()}; if that does not help, use --backend cpu`,
    };
  const { backend, version, reason } = report.backend;
  const path = machine.setup()?.libtensorflow?.path;
  if (backend === 'tensorflow')
    return {
      name: 'TensorFlow',
      ok: true,
      found: `${version ?? 'of unknown version'}${path === undefined ? '' : `, ${path}`}`,
    };
  const [found, remedy] = splitReason(reason ?? `not there; run ${setupCommand()}`);
  return { name: 'TensorFlow', ok: false, found, remedy };
}

/** Reasons end in what to do, after the last semicolon. */
function splitReason(reason: string): [string, string] {
  const at = reason.lastIndexOf('; ');
  return at === -1 ? [reason, `run ${setupCommand()}`] : [reason.slice(0, at), reason.slice(at + 2)];
}

/** Which device TensorFlow reports that it uses. */
function usedFinding(nvidia: Nvidia, device: DeviceChoice, report: TensorflowReport | string): Finding {
  if (typeof report !== 'string' && report.backend.device === 'gpu')
    return { name: 'used', ok: true, found: `${report.backend.gpu?.name ?? 'a GPU'}, TensorFlow reports` };
  if (device === 'cpu') return { name: 'used', ok: true, found: 'the processor, as asked' };
  if (nvidia.state === 'absent' && device === 'auto')
    return { name: 'used', ok: true, found: 'the processor (no NVIDIA GPU found)' };
  const [found, remedy] =
    typeof report === 'string' ? ['nothing', 'see above'] : splitReason(report.backend.reason ?? 'no GPU; see above');
  return { name: 'used', ok: false, found: found.startsWith('no GPU') ? found : `no GPU: ${found}`, remedy };
}

/** Rates of products that really ran on the device that is used: the graph names it. */
async function* speedFindings(
  machine: MachineFacts,
  choice: DeviceChoice,
  report: TensorflowReport,
): AsyncGenerator<Finding> {
  const {
    backend: { backend, device, gpu },
    rates,
    bfloat16Obstacle,
    failure,
  } = report;
  if (backend === 'cpu') return;
  const remedy =
    `\`TF_CPP_MIN_LOG_LEVEL=0 ${KD} doctor\` shows what TensorFlow says; ` + '--device cpu does without the GPU';
  if (rates === undefined) {
    yield { name: 'products', ok: false, found: `none ran on the ${device} (${failure ?? 'no reason given'})`, remedy };
    return;
  }
  const measured: [string, number][] = [['float32', rates.float32]];
  if (device === 'gpu' && gpu !== undefined && hasTensorCores(gpu)) {
    const second = await machine.loadTensorflow({ device: choice, tf32: true });
    if (typeof second !== 'string' && second.rates !== undefined) measured.push(['TF32', second.rates.float32]);
  }
  if (rates.bfloat16 !== undefined) measured.push(['bfloat16', rates.bfloat16]);
  const where = device === 'gpu' ? 'ran on the GPU' : 'ran on the processor';
  const auto = await choosePrecision('auto', { device, gpu, isRecorded: true, isLarge: true }, undefined, {
    features: machine.processor.features,
    env: machine.env,
    rates: () => Promise.resolve({ bfloat16: 0, ...rates }),
  });
  yield {
    name: 'products',
    ok: true,
    found:
      `${where}: ${measured.map(([name, rate]) => `${formatFlops(rate)} in ${name}`).join(', ')}` +
      (bfloat16Obstacle === undefined ? '' : `; none in bfloat16, from which ${bfloat16Obstacle} keeps oneDNN`) +
      `; --precision auto takes ${auto.precision} for large models`,
  };
}
