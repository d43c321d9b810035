/** @file NVIDIA GPUs, as the driver reports them. */
import type { Machine, ProgramResult } from './machine.js';

/** A GPU that the driver lists. */
export interface Gpu {
  /** The driver's index, in the order of the PCI bus. */
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Compute capability: 8.6 for an RTX 3060, 9 for an H100. Absent if the driver is too old to report it. */
  readonly capability?: number;
}

/** What is known about a machine's NVIDIA GPUs. */
export type Nvidia =
  /** No driver, or a driver without a GPU. */
  | { readonly state: 'absent' }
  /** A GPU whose driver does not answer. */
  | { readonly state: 'broken'; readonly failure: string }
  /** The driver's library and a GPU's device file exist, but no `nvidia-smi` for details, as in some containers. */
  | { readonly state: 'unlisted' }
  | { readonly state: 'present'; readonly driver: string; readonly gpus: readonly Gpu[] };

/** The compute capability from which tensor cores multiply bfloat16, and float32 as TF32 (Ampere). */
const BF16_CAPABILITY = 8;

/** Where the driver's library is looked for, as set-up does (`scripts/setup/nvidia.mjs`). */
const DRIVER_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/nvidia/lib64',
  '/usr/lib/wsl/lib',
];
/** The driver's tool; under WSL it is not on the PATH. */
const TOOLS = ['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi'];
const MEBIBYTE = 2 ** 20;
const FIELDS = ['index', 'uuid', 'name', 'driver_version', 'memory.total', 'memory.free'];

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
  const hasLibrary = DRIVER_FOLDERS.some((folder) => machine.exists(`${folder}/libcuda.so.1`));
  return { state: hasDevice && hasLibrary ? 'unlisted' : 'absent' };
}

/** The GPUs, how the tool failed, or undefined if there is no such tool. */
async function query(machine: Machine, tool: string): Promise<Nvidia | string | undefined> {
  const ask = (fields: readonly string[]): Promise<ProgramResult | undefined> =>
    machine.run(tool, [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits']);
  let result = await ask([...FIELDS, 'compute_cap']);
  if (result !== undefined && result.status !== 0 && /not a valid field/i.test(textOf(result)))
    result = await ask(FIELDS); // an older driver
  if (result === undefined) return undefined;
  const lines = textOf(result)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (result.status !== 0 || lines.length === 0) return lines[0] ?? `exit status ${result.status}`;
  const rows = result.stdout
    .trim()
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()));
  return { state: 'present', driver: rows[0]![3]!, gpus: rows.map(asGpu) };
}

/** What a program wrote, on both streams. */
function textOf({ stdout, stderr }: ProgramResult): string {
  return `${stdout}\n${stderr}`;
}

function asGpu([index, uuid, name, , total, free, capability]: string[]): Gpu {
  const gpu = {
    index: Number(index),
    uuid: uuid!,
    name: name!,
    totalBytes: Number(total) * MEBIBYTE,
    freeBytes: Number(free) * MEBIBYTE,
  };
  return capability === undefined || Number.isNaN(Number(capability))
    ? gpu
    : { ...gpu, capability: Number(capability) };
}

/** Whether the GPU multiplies bfloat16, and float32 as TF32, in its tensor cores. */
export function hasTensorCores({ capability }: Pick<Gpu, 'capability'>): boolean {
  return capability !== undefined && capability >= BF16_CAPABILITY;
}
