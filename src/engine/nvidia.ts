/** @file NVIDIA GPUs as the driver tells of them, which of them is used, and why none can be. */
import type { Machine } from './machine.js';

/** A GPU that the driver lists. */
export interface Gpu {
  /** Its number for the driver, in the order of the PCI bus. */
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Compute capability: 8.6 for an RTX 3060, 9 for an H100. Absent where the driver is too old to tell. */
  readonly capability?: number;
}

/** What is known of a machine's NVIDIA GPUs. */
export type Nvidia =
  /** No driver, or a driver without a GPU. */
  | { readonly state: 'absent' }
  /** A GPU whose driver does not answer. */
  | { readonly state: 'broken'; readonly failure: string }
  /** The driver's library and a GPU's device file, but no `nvidia-smi` that would tell more, as in some containers. */
  | { readonly state: 'untold' }
  | { readonly state: 'present'; readonly driver: string; readonly gpus: readonly Gpu[] };

/** Something that is not as it should be, and what to do about it; both go on one line. */
export interface Problem {
  readonly found: string;
  readonly remedy: string;
}

/** `auto`, `gpu`, `gpu:1`, `cpu` */
export type DeviceChoice = 'auto' | 'gpu' | 'cpu' | `gpu:${number}`;

/** Every driver from this on runs programs of CUDA 12 (CUDA Toolkit release notes, table of minimum driver versions). */
export const OLDEST_DRIVER = '525.60.13';

/** The oldest for which TensorFlow 2.21's wheel has code: `cuda_compute_capabilities` in its build_info.py. */
export const LOWEST_CAPABILITY = 6;

/** From here on the GPU multiplies bfloat16, and float32 as TF32 (Ampere). */
const BF16_CAPABILITY = 8;

/** What TensorFlow opens before it takes a GPU; without one of them it leaves the GPU alone (tsl's `dso_loader`). */
export const GPU_LIBRARIES = [
  'libcudart.so.12', 'libcublas.so.12', 'libcublasLt.so.12', 'libcufft.so.11', 'libcusolver.so.11', 'libcusparse.so.12', 'libcudnn.so.9',
] as const;

/** What XLA needs to compile for a GPU. */
export const XLA_FILES = ['ptxas', 'libdevice.10.bc'] as const;

/** Free memory under which not even the libraries' own needs are met. */
const LEAST_FREE_BYTES = 1e9;

const DRIVER_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib', '/usr/local/nvidia/lib64', '/usr/lib/wsl/lib'];
/** The driver's tool; under WSL it is on no PATH. */
const TOOLS = ['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi'];
const MEBIBYTE = 2 ** 20;
const FIELDS = ['index', 'uuid', 'name', 'driver_version', 'memory.total', 'memory.free'];

/** Asks the driver for its GPUs. */
export async function lookForGpus(machine: Machine): Promise<Nvidia> {
  const hasDevice = machine.list('/dev').some((name) => /^(nvidia\d+|dxg)$/.test(name));
  for (const tool of TOOLS) {
    const answer = (await query(machine, tool, [...FIELDS, 'compute_cap'])) ?? (await query(machine, tool, FIELDS));
    if (answer === undefined) continue;
    if (typeof answer === 'object') return answer;
    return hasDevice ? { state: 'broken', failure: answer } : { state: 'absent' };
  }
  const hasLibrary = DRIVER_FOLDERS.some((folder) => machine.exists(`${folder}/libcuda.so.1`));
  return { state: hasDevice && hasLibrary ? 'untold' : 'absent' };
}

/** The GPUs, or how the tool failed, or undefined where there is no such tool or it does not know a field. */
async function query(machine: Machine, tool: string, fields: readonly string[]): Promise<Nvidia | string | undefined> {
  const result = await machine.run(tool, [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits']);
  if (result === undefined) return undefined;
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  if (result.status !== 0 && fields.includes('compute_cap') && /not a valid field/i.test(lines.join(' '))) return undefined;
  if (result.status !== 0 || lines.length === 0) return lines[0] ?? `exit status ${result.status}`;
  const rows = result.stdout.trim().split('\n').map((line) => line.split(',').map((cell) => cell.trim()));
  return { state: 'present', driver: rows[0][3], gpus: rows.map(asGpu) };
}

function asGpu([index, uuid, name, , total, free, capability]: string[]): Gpu {
  const gpu = { index: Number(index), uuid, name, totalBytes: Number(total) * MEBIBYTE, freeBytes: Number(free) * MEBIBYTE };
  return capability === undefined || Number.isNaN(Number(capability)) ? gpu : { ...gpu, capability: Number(capability) };
}

/** Whether the GPU multiplies bfloat16, and float32 as TF32, in its tensor cores. */
export function hasTensorCores({ capability }: Pick<Gpu, 'capability'>): boolean {
  return capability !== undefined && capability >= BF16_CAPABILITY;
}

/** The GPU for TensorFlow, as `CUDA_VISIBLE_DEVICES` names it, and what the driver tells of it. */
export interface ChosenGpu {
  readonly visible: string;
  readonly gpu?: Gpu;
}

/**
 * Which GPU a choice means: `gpu:N` counts the ones that `CUDA_VISIBLE_DEVICES` leaves, in the driver's order without it.
 * One alone, because tfjs takes the last that it is shown, and TensorFlow a part of each.
 *
 * @returns what was found instead, where there is no such GPU
 */
export function chooseGpu(nvidia: Nvidia, choice: DeviceChoice, env: Machine['env']): ChosenGpu | Problem {
  const { CUDA_VISIBLE_DEVICES: limit } = env;
  const gpus = nvidia.state === 'present' ? nvidia.gpus : [];
  const visible = limit === undefined ? gpus.map(({ index }) => String(index)) : visibleDevices(limit);
  if (limit !== undefined && visible.length === 0) {
    return { found: `CUDA_VISIBLE_DEVICES=${limit} hides every GPU`, remedy: 'unset it, or name one in it' };
  }
  const wanted = choice.startsWith('gpu:') ? Number(choice.slice(4)) : 0;
  if (nvidia.state === 'untold' && limit === undefined) return { visible: String(wanted) };
  if (wanted >= visible.length) {
    return {
      found: `there is no GPU ${wanted}; there ${visible.length === 1 ? 'is 1' : `are ${visible.length}`}${limit === undefined ? '' : ` in CUDA_VISIBLE_DEVICES=${limit}`}`,
      remedy: `take --device gpu:0${visible.length > 1 ? ` to gpu:${visible.length - 1}` : ''}`,
    };
  }
  const name = visible[wanted];
  return withGpu(name, gpus.find(({ index, uuid }) => String(index) === name || uuid.startsWith(name)));
}

function withGpu(visible: string, gpu: Gpu | undefined): ChosenGpu {
  return gpu === undefined ? { visible } : { visible, gpu };
}

/** CUDA stops reading at the first entry that is no device. */
function visibleDevices(limit: string): string[] {
  const entries = limit.split(',').map((entry) => entry.trim());
  const end = entries.findIndex((entry) => entry === '' || entry.startsWith('-'));
  return end === -1 ? entries : entries.slice(0, end);
}

/**
 * Why TensorFlow cannot use a GPU here, by all that is known before it is loaded: the first thing that stands in the way,
 * or undefined.
 */
export async function gpuProblem(machine: Machine, nvidia: Nvidia, choice: DeviceChoice): Promise<Problem | undefined> {
  const first = driverProblem(nvidia);
  if (first !== undefined) return first;
  const chosen = chooseGpu(nvidia, choice, machine.env);
  if ('found' in chosen) return chosen;
  return (chosen.gpu && cardProblem(chosen.gpu)) ?? buildProblem(machine) ?? (await librariesProblem(machine));
}

/** What is wrong with the driver. */
export function driverProblem(nvidia: Nvidia): Problem | undefined {
  if (nvidia.state === 'absent') {
    return { found: 'no NVIDIA GPU in sight', remedy: "install NVIDIA's driver for it; a container wants --gpus all" };
  }
  if (nvidia.state === 'broken') {
    return { found: `the NVIDIA driver does not answer (${nvidia.failure})`, remedy: 'restart the machine, or install the driver anew, until nvidia-smi lists the GPU' };
  }
  if (nvidia.state === 'present' && isOlder(nvidia.driver, OLDEST_DRIVER)) {
    return { found: `driver ${nvidia.driver}, and CUDA 12 needs ${OLDEST_DRIVER} or newer`, remedy: 'update the driver' };
  }
  return undefined;
}

/** What is wrong with a GPU. */
export function cardProblem({ index, name, capability, freeBytes, totalBytes }: Gpu): Problem | undefined {
  if (capability !== undefined && capability < LOWEST_CAPABILITY) {
    return {
      found: `GPU ${index} (${name}) has compute capability ${capability.toFixed(1)}, and this TensorFlow has code for ${LOWEST_CAPABILITY.toFixed(1)} and newer`,
      remedy: 'take another GPU (--device gpu:N) or --device cpu',
    };
  }
  if (freeBytes < LEAST_FREE_BYTES) {
    const [free, total] = [freeBytes, totalBytes].map((bytes) => `${(bytes / 1e9).toFixed(1)} GB`);
    return { found: `GPU ${index} (${name}) has ${free} of ${total} free`, remedy: 'end what nvidia-smi lists on it, or take another (--device gpu:N)' };
  }
  return undefined;
}

/** What is wrong with the TensorFlow that set-up put in place. */
export function buildProblem(machine: Machine): Problem | undefined {
  const setup = machine.setup();
  if (setup === undefined || setup.device === 'own' || setup.device === 'gpu') return undefined;
  const forCpu = 'the TensorFlow in place is the one for processors';
  if (setup.backend === 'cpu') return { found: `no TensorFlow (${setup.reason ?? 'set-up left it out'})`, remedy: setup.remedy ?? 'run `npm run setup`' };
  if (setup.gpu !== undefined) return { found: `${forCpu}, because ${setup.gpu.reason}`, remedy: setup.gpu.remedy };
  if (setup.choice?.device === 'cpu') return { found: `${forCpu}, as set-up was told`, remedy: 'run `npm run setup -- --device auto`' };
  return { found: forCpu, remedy: 'run `npm run setup`, which finds the GPU' };
}

/** A library or a tool that GPUs need, and where it is. */
export interface FoundLibrary {
  readonly name: string;
  /** Absent: nowhere. */
  readonly path?: string;
  readonly version?: string;
}

/** Looks for every library: in what set-up unpacked, else where the dynamic loader finds it. */
export async function findLibraries(machine: Machine): Promise<FoundLibrary[]> {
  const unpacked = machine.setup()?.cuda?.files;
  const system = unpacked === undefined ? await loaderPaths(machine) : undefined;
  return [...GPU_LIBRARIES, ...XLA_FILES].map((name) => {
    if (unpacked !== undefined) {
      const file = unpacked[name];
      return file !== undefined && machine.exists(file.path) ? { name, path: file.path, version: file.version } : { name };
    }
    const path = system?.get(name) ?? searchedPaths(machine.env, name).find((candidate) => machine.exists(candidate));
    return path === undefined ? { name } : { name, path };
  });
}

/** What of these is missing. */
export async function librariesProblem(machine: Machine): Promise<Problem | undefined> {
  const missing = (await findLibraries(machine)).filter(({ path }) => path === undefined).map(({ name }) => name);
  if (missing.length === 0) return undefined;
  const ofSetup = machine.setup()?.cuda !== undefined;
  return {
    found: `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
    remedy: ofSetup ? 'run `npm run setup`, which downloads what is missing' : 'install CUDA 12 and cuDNN 9, or run `npm run setup -- --cuda wheels`',
  };
}

/** Library names and their paths in the dynamic loader's cache. */
async function loaderPaths(machine: Machine): Promise<Map<string, string>> {
  const result = (await machine.run('ldconfig', ['-p'])) ?? (await machine.run('/sbin/ldconfig', ['-p']));
  return new Map([...(result?.stdout ?? '').matchAll(/^\s+(\S+) \(.*=> (\S+)$/gm)].map(([, name, path]) => [name, path]));
}

/** Where else the loader, or XLA, looks. */
function searchedPaths({ LD_LIBRARY_PATH: own = '', PATH: path = '' }: Machine['env'], name: string): string[] {
  if (name === 'ptxas') return [...path.split(':'), '/usr/local/cuda/bin'].map((folder) => `${folder}/${name}`);
  if (name === 'libdevice.10.bc') return [`/usr/local/cuda/nvvm/libdevice/${name}`];
  return [...own.split(':').filter((folder) => folder !== ''), '/usr/local/cuda/lib64'].map((folder) => `${folder}/${name}`);
}

function isOlder(version: string, oldest: string): boolean {
  const [a, b] = [version, oldest].map((text) => text.split('.').map(Number));
  const place = b.findIndex((number, i) => (a[i] ?? 0) !== number);
  return place !== -1 && (a[place] ?? 0) < b[place];
}
