import type { Encoded } from '../../engine/encoder-engine.js';
import { disableOnnxTelemetry } from '../../onnx/telemetry.js';
import { INPUT_IDS, LAST_HIDDEN_STATE, POOLER_OUTPUT } from './names.js';

/** Runs an ONNX file on a CPU for ids `[B, L]`. Throws ONNX Runtime's own error for a file that it cannot load. */
export async function encodeWithOnnxRuntime(path: string, ids: Int32Array, batch: number): Promise<Encoded> {
  // imported here because it takes a tenth of a second, which other commands need not pay
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
