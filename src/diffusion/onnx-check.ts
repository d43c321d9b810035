/** @file Whether ONNX Runtime can load a model, found out before it is loaded. */
import { InferenceSession } from 'onnxruntime-node';
import { loadOnnx, quieten } from './onnx.js';
import { versionFailure } from './onnx-failure.js';
import { outlineOf } from './onnx-outline.js';

/**
 * Checks that ONNX Runtime knows a file's versions, and has its operators: it is given the graph without its weights,
 * which takes little memory. Only a model whose graph it refuses is loaded as a whole, so that none is refused that it
 * would take.
 *
 * @param isForGpu whether the model may be for a GPU, whose operators the processor need not have: then only its
 *   versions are checked
 * @throws InputError for a model that cannot be loaded
 */
export async function checkLoads(location: string, isForGpu: boolean): Promise<void> {
  quieten();
  const outline = await outlineOf(location);
  if (outline === undefined) return;
  try {
    await (await InferenceSession.create(outline, AS_IT_IS)).release();
  } catch (error) {
    const failure = versionFailure(error, location);
    if (failure !== undefined) throw failure;
    if (!isForGpu) await (await loadOnnx(location, 'cpu')).release();
  }
}

/** Nothing is computed, and nothing optimised. */
const AS_IT_IS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  graphOptimizationLevel: 'disabled',
  logSeverityLevel: 4,
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
};
