/** @file The facts about a machine that `kd doctor` examines, behind an interface so that tests can fake one. */
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { fatalMessage } from '../../tensorflow/fatal-message.js';
import { cpuFeatures } from '../../tensorflow/hardware.js';
import { thisMachine, type Machine } from '../../tensorflow/machine.js';
import { freeDiskBytes } from '../../base/disk-space.js';
import { messageOf } from '../../base/errors.js';
import { processLimit } from '../../base/process-limits.js';
import { hubFetch } from '../../weights/http.js';
import { hubAddress, offlineVariable } from '../../weights/hub-environment.js';
import { proxyFor } from '../../weights/proxy.js';
import type { ProbeArguments, TensorflowReport } from './probe.js';

/** A sufficient limit on open files: more than Node, TensorFlow and a run need together. */
export const ENOUGH_FILES = 256;

/** A machine and what is installed on it. */
export interface MachineFacts extends Machine {
  /** Versions and names as reported by Node. */
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpu: { readonly name: string; readonly cores: number; readonly features: ReadonlySet<string> };
  readonly memory: { readonly free: number; readonly total: number };
  /** How many files a process may have open at once; Infinity if unlimited or unknown. */
  readonly openFiles: number;
  /** Free bytes on the disk of a folder; Infinity if unknown. */
  freeDisk(folder: string): Promise<number>;
  /** Checks whether the model hub answers. Throws InputError if a variable does not name a valid hub or proxy. */
  reachHub(): Promise<HubReach>;
  /** Loads TensorFlow in a separate process; returns its report, or its last line of output before it crashed. */
  loadTensorflow(options: ProbeArguments): Promise<TensorflowReport | string>;
}

/** How long the model hub took to answer, in milliseconds, or why it did not. */
export interface HubReach {
  readonly address: string;
  readonly milliseconds?: number;
  readonly failure?: string;
  /** The proxy in between, and the variable that names it. */
  readonly proxy?: { readonly address: string; readonly variable: string };
  /** The variable that forbids contacting it. */
  readonly offline?: string;
}

const REACH_TIMEOUT_MS = 5000;

/** On a GPU's first use, the driver may compile kernels for minutes. */
const PROBE_TIMEOUT_MS = 900_000;

/** The machine that this process runs on. */
export const thisMachineFacts: MachineFacts = {
  ...thisMachine,
  node: process.versions.node,
  platform: process.platform,
  arch: process.arch,
  cpu: {
    name: cpus()[0]?.model ?? 'unknown CPU',
    cores: availableParallelism(),
    features: cpuFeatures(),
  },
  memory: { free: freemem(), total: totalmem() },
  openFiles: processLimit('openFiles'),
  freeDisk: freeDiskBytes,
  async reachHub() {
    const { url: address, authorization } = hubAddress();
    const offline = offlineVariable();
    if (offline !== undefined) return { address, offline };
    const proxy = proxyFor(new URL(address));
    const asked = { address, ...(proxy === undefined ? {} : { proxy }) };
    const request = hubFetch({ hubUrl: address, authorization, timeout: REACH_TIMEOUT_MS });
    const started = performance.now();
    try {
      const { status } = await request(address, { method: 'HEAD' });
      if (status >= 500) return { ...asked, failure: `status ${status}` };
      return { ...asked, milliseconds: Math.round(performance.now() - started) };
    } catch (error) {
      return { ...asked, failure: messageOf(error) };
    }
  },
  async loadTensorflow(options) {
    const script = fileURLToPath(new URL('probe.js', import.meta.url));
    const result = await thisMachine.run(process.execPath, [script, JSON.stringify(options)], PROBE_TIMEOUT_MS);
    if (['0', '1'].includes(process.env.TF_CPP_MIN_LOG_LEVEL ?? '')) process.stderr.write(result?.stderr ?? '');
    const last = (text = ''): string => text.trim().split('\n').at(-1) ?? '';
    if (result?.status === 0) return JSON.parse(last(result.stdout)) as TensorflowReport;
    return (fatalMessage(result?.stderr ?? '') ?? last(result?.stderr)) || `exit status ${result?.status ?? 'unknown'}`;
  },
};
