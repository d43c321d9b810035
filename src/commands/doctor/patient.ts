/** @file What the doctor asks of a machine, behind an interface, so that a faked one can be examined. */
import { statfs } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { processorFeatures } from '../../engine/hardware.js';
import { thisMachine, type Machine } from '../../engine/machine.js';
import { messageOf } from '../../errors.js';
import { hubAddress } from '../../weights/hub.js';
import type { ProbeArguments, TensorflowReport } from './probe.js';

/** A machine, and what is installed on it. */
export interface Patient extends Machine {
  /** Versions and names as Node gives them. */
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  readonly processor: { readonly name: string; readonly cores: number; readonly features: ReadonlySet<string> };
  readonly memory: { readonly free: number; readonly total: number };
  /** Free bytes of the disk that a folder is on. */
  freeDisk(folder: string): Promise<number>;
  /** Milliseconds to an answer of the model hub, whatever it is; or why there is none. */
  reachHub(): Promise<{ readonly address: string; readonly milliseconds?: number; readonly failure?: string }>;
  /** Loads TensorFlow in a process of its own; the report, or the last line of what that wrote before it died. */
  loadTensorflow(options: ProbeArguments): Promise<TensorflowReport | string>;
}

const REACH_TIMEOUT_MS = 5000;

/** The machine that this runs on. */
export const thisPatient: Patient = {
  ...thisMachine,
  node: process.versions.node,
  platform: process.platform,
  arch: process.arch,
  processor: {
    name: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    features: processorFeatures(),
  },
  memory: { free: freemem(), total: totalmem() },
  async freeDisk(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
  async reachHub() {
    const address = hubAddress();
    const started = performance.now();
    try {
      await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(REACH_TIMEOUT_MS) });
      return { address, milliseconds: Math.round(performance.now() - started) };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { address, failure: messageOf(cause) };
    }
  },
  async loadTensorflow(options) {
    const script = fileURLToPath(new URL('probe.js', import.meta.url));
    const result = await thisMachine.run(process.execPath, [script, JSON.stringify(options)]);
    const last = (text = ''): string => text.trim().split('\n').at(-1) ?? '';
    if (result?.status === 0) return JSON.parse(last(result.stdout)) as TensorflowReport;
    return last(result?.stderr) || `exit status ${result?.status ?? 'unknown'}`;
  },
};
