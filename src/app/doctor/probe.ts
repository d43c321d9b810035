/**
 * @file A child process that loads TensorFlow, measures matrix products and prints its report as one line of JSON. If
 * native code crashes, only this process dies; and settings that TensorFlow reads only once can differ between
 * processes.
 */
import { matmulRate } from '../../engine/matmul-rates.js';
import type { DeviceChoice } from '../../tensorflow/device-choice.js';
import { loadBackend, type BackendInfo } from '../../tensorflow/backend.js';
import { bfloat16Blocker } from '../../tensorflow/hardware.js';

/** What TensorFlow reports about itself, and how fast it multiplies. */
export interface TensorflowReport {
  readonly backend: BackendInfo;
  /** Floating-point operations per second of matrix products on the device; absent for the JavaScript backend. */
  readonly rates?: {
    readonly float32: number;
    /** Absent if the environment keeps TensorFlow from using bfloat16. */
    readonly bfloat16?: number;
  };
  /** The environment variable that prevents bfloat16, as `NAME=value`. */
  readonly bfloat16Blocker?: string;
  /** TensorFlow's error message, if the rates could not be measured. */
  readonly failure?: string;
}

/** The arguments of the process, passed as JSON. */
export interface ProbeArguments {
  readonly device: DeviceChoice;
  readonly tf32: boolean;
}

const { device, tf32 } = JSON.parse(process.argv[2]!) as ProbeArguments;
// If the requested GPU is not available, the report is to say so, so fall back instead of failing.
const backend = await loadBackend('auto', device, { tf32 }).catch(() => loadBackend('auto', 'auto', { tf32 }));
process.stdout.write(`${JSON.stringify({ backend, ...(await measured(backend)) })}\n`);

async function measured({ backend: name, device: where }: BackendInfo): Promise<Omit<TensorflowReport, 'backend'>> {
  if (name === 'cpu') return {};
  try {
    const float32 = await matmulRate('float32', where);
    const obstacle = where === 'cpu' ? bfloat16Blocker() : undefined;
    if (obstacle !== undefined) return { rates: { float32 }, bfloat16Blocker: obstacle };
    return { rates: { float32, bfloat16: await matmulRate('bfloat16', where) } };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
