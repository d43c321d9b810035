/** @file NVIDIA's driver, asked through CUDA's driver library, with the addon `native/cuda_driver.cc`. */
import { createRequire } from 'node:module';
import { installedAddon } from './installed-addon.js';

const ADDON = 'cuda_driver.node';

/** The library that every NVIDIA driver has, under the name by which TensorFlow opens it. */
export const CUDA_DRIVER = 'libcuda.so.1';

/** The order in which GPUs are numbered: the driver's. */
export const CUDA_DEVICE_ORDER = 'PCI_BUS_ID';

/** A GPU as CUDA's driver library reports it. */
export interface CudaGpu {
  readonly name: string;
  /** Without the prefix `GPU-` or `MIG-`; for a part of a divided GPU, that of the part. */
  readonly uuid: string;
  readonly capability: number;
  readonly totalBytes: number;
  /** What is free, once CUDA has a context on it; absent if not asked. */
  readonly freeBytes?: number;
  /** The error that keeps CUDA from having one, `CUDA_ERROR_DEVICE_UNAVAILABLE`. */
  readonly failure?: string;
}

/** The addon's functions. They throw Errors whose `code` is `NOT_FOUND` or the name of CUDA's error. */
export interface DriverAddon {
  /** The newest CUDA that the driver runs: `12.4`. */
  version(library: string): string;
  /**
   * The GPUs that CUDA shows to this process, in its order.
   *
   * @param library a file, or a name that the dynamic loader finds: `libcuda.so.1`
   * @param hasContexts whether to ask what is free on each, which takes a context on it
   */
  gpus(library: string, hasContexts?: true): CudaGpu[];
}

/** What the driver says; what it was not asked, or did not answer, is absent. */
export interface DriverReport {
  readonly cuda?: string;
  readonly gpus?: readonly CudaGpu[];
  /** Why it does not answer; `code` is `NOT_FOUND` if the dynamic loader does not find the library. */
  readonly failure?: { readonly code: string; readonly message: string };
}

/** Loads the addon. @throws Error if set-up has not installed it */
export function driverAddon(): DriverAddon {
  return createRequire(import.meta.url)(installedAddon(ADDON)) as DriverAddon;
}

/**
 * A program for `node -e` that prints a `DriverReport`. Its arguments are the addon, the library and, if contexts are
 * wanted, anything. Without the addon, Node itself tells whether the dynamic loader finds the library: it opens any
 * library as an addon, and then complains that it is none.
 */
export const ASK_DRIVER = `
const [addon, library, contexts] = process.argv.slice(1);
const report = {};
const failed = ({ code = 'NOT_FOUND', message }) => (report.failure = { code, message });
let driver;
try { driver = require(addon); } catch {}
try {
  if (driver === undefined) process.dlopen({ exports: {} }, library);
  report.cuda = driver.version(library);
  report.gpus = driver.gpus(library, contexts);
} catch (error) {
  if (driver !== undefined) failed(error);
  else if (!/self-register/.test(error.message)) failed({ message: error.message });
}
process.stdout.write(JSON.stringify(report));
`;

/** The arguments of a Node that runs `ASK_DRIVER`. */
export function askingArguments(hasContexts: boolean, library = CUDA_DRIVER): string[] {
  return ['-e', ASK_DRIVER, installedAddon(ADDON), library, ...(hasContexts ? ['contexts'] : [])];
}
