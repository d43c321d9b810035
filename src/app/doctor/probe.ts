/**
 * @file A process of its own that loads TensorFlow, multiplies and prints what it found as one JSON line. Native code
 * that dies takes only this process with it, and what TensorFlow reads once can differ from one to the next.
 */
import { productRate } from '../../engine/products.js';
import type { DeviceChoice } from '../../tensorflow/gpu-choice.js';
import { loadBackend, type BackendInfo } from '../../tensorflow/backend.js';
import { bfloat16Obstacle } from '../../tensorflow/hardware.js';

/** What TensorFlow says of itself, and how fast it multiplies. */
export interface TensorflowReport {
  readonly backend: BackendInfo;
  /** Floating-point operations a second of products on the device; absent in JavaScript. */
  readonly rates?: {
    readonly float32: number;
    /** Absent where the environment keeps TensorFlow from them. */
    readonly bfloat16?: number;
  };
  /** What keeps it from them, as `NAME=value`. */
  readonly bfloat16Obstacle?: string;
  /** Why there is no rate, in TensorFlow's words. */
  readonly failure?: string;
}

/** Arguments of the process, as JSON. */
export interface ProbeArguments {
  readonly device: DeviceChoice;
  readonly tf32: boolean;
}

const { device, tf32 } = JSON.parse(process.argv[2]!) as ProbeArguments;
// A GPU that is asked for and not available is what the report is to tell of.
const backend = await loadBackend('auto', device, { tf32 }).catch(() => loadBackend('auto', 'auto', { tf32 }));
process.stdout.write(`${JSON.stringify({ backend, ...(await measured(backend)) })}\n`);

async function measured({ backend: name, device: where }: BackendInfo): Promise<Omit<TensorflowReport, 'backend'>> {
  if (name === 'cpu') return {};
  try {
    const float32 = await productRate('float32', where);
    const obstacle = where === 'cpu' ? bfloat16Obstacle() : undefined;
    if (obstacle !== undefined) return { rates: { float32 }, bfloat16Obstacle: obstacle };
    return { rates: { float32, bfloat16: await productRate('bfloat16', where) } };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
