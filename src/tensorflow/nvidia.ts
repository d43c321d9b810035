/** @file NVIDIA GPUs, as the driver reports them. */
import { cudaRemedy } from './cuda-errors.js';
import type { CudaGpu, DriverReport } from './driver-addon.js';
import type { Machine, ProgramResult } from './machine.js';

/** A GPU that the driver lists. */
export interface Gpu {
  /** The driver's index, in the order of the PCI bus. */
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  /** Absent if the driver does not say, as for some GPUs that are divided (MIG). */
  readonly totalBytes?: number;
  readonly freeBytes?: number;
  /** What TensorFlow, once loaded, may hand out to tensors. */
  readonly usableBytes?: number;
  /** Whether this is a part of a GPU that is divided in hardware (MIG); `uuid` then names the part. */
  readonly isPart?: boolean;
  /** Whether this GPU is to be divided (MIG) but has no parts yet: CUDA can use nothing of it. */
  readonly lacksParts?: boolean;
  /** Compute capability: 8.6 for an RTX 3060, 9 for an H100. Absent if the driver is too old to report it. */
  readonly capability?: number;
}

/** What is known about a machine's NVIDIA GPUs. */
export type Nvidia =
  /** No driver, or a driver without a GPU; `lacksLibrary` if there is a GPU's device file. */
  | { readonly state: 'absent'; readonly lacksLibrary?: true }
  /** A GPU whose driver does not answer, and what to do if that is known. */
  | { readonly state: 'broken'; readonly failure: string; readonly remedy?: string }
  /** The driver's library and a GPU's device file exist, but neither `nvidia-smi` nor CUDA gives details. */
  | { readonly state: 'unlisted' }
  | {
      readonly state: 'present';
      /** Absent if only CUDA tells, as in containers without `nvidia-smi`. */
      readonly driver?: string;
      /** The newest CUDA that the driver runs, `12.4`; asked only if the driver may be too old for one of the GPUs. */
      readonly cuda?: string;
      readonly gpus: readonly Gpu[];
    };

/** The compute capability from which tensor cores multiply bfloat16, and float32 as TF32 (Ampere). */
const BF16_CAPABILITY = 8;

/**
 * The compute capability from which TensorFlow 2.21's wheel has most of its kernels as PTX only, which the driver
 * compiles. They are PTX 8.5, which drivers since this one can read (PTX ISA, release notes). With an older one, the
 * first kernel ends the process.
 */
export const PTX_ONLY = { capability: 9, driver: '555.42.02', cuda: '12.5' } as const;

/** The driver's tool; under WSL it is not on the PATH. */
const TOOLS = ['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi'];
const MEBIBYTE = 2 ** 20;
const FIELDS = ['index', 'uuid', 'name', 'driver_version', 'memory.total', 'memory.free'];
const NAME = FIELDS.indexOf('name');

/** Asks the driver for its GPUs. */
export async function detectGpus(machine: Machine): Promise<Nvidia> {
  const hasDevice = machine.list('/dev').some((name) => /^(nvidia\d+|dxg)$/.test(name));
  for (const tool of TOOLS) {
    if (tool.startsWith('/') && !machine.exists(tool)) continue;
    const answer = await query(machine, tool);
    if (answer === undefined) continue;
    if (typeof answer === 'object') return answer;
    return hasDevice ? { state: 'broken', failure: answer } : { state: 'absent' };
  }
  return hasDevice ? fromLibrary(await machine.askDriver()) : { state: 'absent' };
}

/** The GPUs that CUDA lists, where `nvidia-smi` is missing. */
function fromLibrary(report: DriverReport | undefined): Nvidia {
  const { cuda, gpus, failure } = report ?? {};
  if (failure?.code === 'NOT_FOUND') return { state: 'absent', lacksLibrary: true };
  if (failure !== undefined) return { state: 'broken', failure: failure.message, remedy: cudaRemedy(failure.code) };
  if (gpus === undefined) return { state: 'unlisted' };
  if (gpus.length === 0) return { state: 'absent' };
  return { state: 'present', ...(cuda !== undefined && { cuda }), gpus: gpus.map(fromCuda) };
}

/** A GPU as CUDA describes it. */
export function fromCuda({ name, uuid, capability, totalBytes, freeBytes }: CudaGpu, index: number): Gpu {
  const gpu = { index, uuid: `GPU-${uuid}`, name, totalBytes, capability };
  return freeBytes === undefined ? gpu : { ...gpu, freeBytes };
}

/** The GPUs, how the tool failed, or undefined if there is no such tool. */
async function query(machine: Machine, tool: string): Promise<Nvidia | string | undefined> {
  const ask = (fields: readonly string[]): Promise<ProgramResult | undefined> =>
    machine.run(tool, [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits']);
  let fields = [...FIELDS, 'compute_cap', 'mig.mode.current'];
  let result = await ask(fields);
  if (result !== undefined && result.status !== 0 && /not a valid field/i.test(textOf(result))) {
    fields = FIELDS; // an older driver
    result = await ask(fields);
  }
  if (result === undefined) return undefined;
  const rows = result.stdout.split('\n').flatMap((line) => listedGpu(line, fields.length));
  if (result.status !== 0 || rows.length === 0) return firstLine(textOf(result)) ?? `exit status ${result.status}`;
  const { driver } = rows[0]!;
  const parts = rows.some(({ isDivided }) => isDivided) ? await machine.run(tool, ['--list-gpus']) : undefined;
  const gpus = rows.flatMap(({ gpu, isDivided }) => (isDivided ? partsOf(gpu, parts?.stdout ?? '') : [gpu]));
  const nvidia = { state: 'present', driver, gpus } as const;
  const needsPtx = nvidia.gpus.some(({ capability = 0 }) => capability >= PTX_ONLY.capability);
  if (!needsPtx || !isOlder(driver, PTX_ONLY.driver)) return nvidia;
  const summary = await machine.run(tool, []);
  const [, cuda] = /CUDA Version\s*:\s*(\d+\.\d+)/.exec(summary?.stdout ?? '') ?? [];
  return cuda === undefined ? nvidia : { ...nvidia, cuda };
}

/** What a program wrote, on both streams. */
function textOf({ stdout, stderr }: ProgramResult): string {
  return `${stdout}\n${stderr}`;
}

function firstLine(text: string): string | undefined {
  return text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '');
}

/**
 * A line of the tool's list: a GPU and the driver's version. None for other lines, such as a warning about a GPU's
 * firmware.
 *
 * @param count how many fields were asked for
 */
function listedGpu(line: string, count: number): { gpu: Gpu; driver: string; isDivided: boolean }[] {
  const cells = line.split(',').map((cell) => cell.trim());
  if (cells.length < count || !/^\d+$/.test(cells[0]!)) return [];
  const rest = cells.splice(cells.length - count + NAME + 1); // after the name, which alone may have commas
  const [index, uuid, ...name] = cells;
  const [driver, total, free, capability, division] = rest;
  const gpu: Gpu = {
    index: Number(index),
    uuid: uuid!,
    name: name.join(', '),
    ...known('totalBytes', total, MEBIBYTE),
    ...known('freeBytes', free, MEBIBYTE),
    ...known('capability', capability, 1),
  };
  return [{ gpu, driver: driver!, isDivided: division === 'Enabled' }];
}

/**
 * The parts of a divided GPU, by the tool's list: a line for the GPU, then one for each part, such as
 * `  MIG 1g.10gb     Device  0: (UUID: MIG-…)`. A part's profile names its memory, rounded to within some percent; how
 * much of that is free is not said. The GPU itself, marked, if no part is listed.
 */
function partsOf(gpu: Gpu, list: string): Gpu[] {
  const own = list.split(/^(?=GPU )/m).find((section) => section.includes(gpu.uuid)) ?? '';
  const parts = [...own.matchAll(/^ +MIG (\S*?(\d+)gb\S*) .*UUID: (MIG-[^)]+)/gm)].map(
    ([, profile, gigabytes, uuid]) => ({
      ...gpu,
      isPart: true,
      uuid: uuid!,
      name: `${gpu.name} MIG ${profile}`,
      totalBytes: Number(gigabytes) * 1e9,
      freeBytes: Number(gigabytes) * 1e9,
    }),
  );
  return parts.length === 0 ? [{ ...gpu, lacksParts: true }] : parts;
}

/** A number that the tool gave, or nothing: it writes `[N/A]` and the like for what it does not know. */
function known(name: keyof Gpu, cell = '', unit: number): Partial<Gpu> {
  return cell === '' || Number.isNaN(Number(cell)) ? {} : { [name]: Number(cell) * unit };
}

/** `driver 550.54.15`, or if only CUDA tells, `a driver for CUDA 12.4` */
export function driverName({ driver, cuda = '?' }: { readonly driver?: string; readonly cuda?: string }): string {
  return driver === undefined ? `a driver for CUDA ${cuda}` : `driver ${driver}`;
}

/** Whether a version, `550.54.15`, is older than another. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  const place = b!.findIndex((number, i) => (a![i] ?? 0) !== number);
  return place !== -1 && (a![place] ?? 0) < b![place]!;
}

/** Whether the GPU multiplies bfloat16, and float32 as TF32, in its tensor cores. */
export function hasTensorCores({ capability }: Pick<Gpu, 'capability'>): boolean {
  return capability !== undefined && capability >= BF16_CAPABILITY;
}
