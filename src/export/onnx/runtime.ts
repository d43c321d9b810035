import type { Encoded } from '../../engine/encoder-engine.js';
import { disableOnnxTelemetry } from '../../onnx/telemetry.js';
import { INPUT_IDS, LAST_HIDDEN_STATE, POOLER_OUTPUT } from './names.js';

/**
 * What ONNX Runtime gives for ids `[B, L]`, on a CPU. Throws whatever it says of a file that it cannot load.
 */
export async function encodeWithOnnxRuntime(path: string, ids: Int32Array, batch: number): Promise<Encoded> {
  // a tenth of a second that other commands need not wait
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  disableOnnxTelemetry();
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  try {
    const input = new Tensor('int64', BigInt64Array.from(ids, BigInt), [batch, ids.length / batch]);
    const outputs = await session.run({ [INPUT_IDS]: input });
    const values = (name: string): Float32Array => outputs[name]!.data as Float32Array;
    return { lastHiddenState: values(LAST_HIDDEN_STATE), poolerOutput: values(POOLER_OUTPUT) };
  } finally {
    await session.release();
  }
}
