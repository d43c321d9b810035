/** @file Out of memory during a run, or a GPU that fails: recognised by TensorFlow's error, and told to the user. */
import type { Reporter } from '../app/reporter.js';
import { formatBytesApart } from '../base/format.js';
import type { Engine } from '../distill/engine.js';
import { MAX_LENGTH } from '../text/max-length.js';
import { type EngineInfo, measuredStep, type EngineParts } from './engine-parts.js';
import { failedAllocation } from '../engine/failed-allocation.js';
import { asDeviceFailure } from '../engine/failed-device.js';
import { memoryNeed } from '../engine/memory.js';
import { freeGpuBytes } from '../tensorflow/gpu-memory.js';
import { largestBatch } from './usable-memory.js';
import { outOfMemory, smallerStep } from './out-of-memory.js';

/**
 * Wraps an engine so that out-of-memory errors name the batch size that would fit, and a GPU that fails is named.
 *
 * @throws OutOfMemoryError if memory runs out while the engine is made, DeviceFailedError if the GPU fails; its methods
 *   throw them later
 */
export async function guardMemory(parts: EngineParts, make: () => Promise<Engine>): Promise<Engine> {
  const free = freeMemoryBytes(parts.engine);
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw reworded(error, parts, free);
    }
  };
  const engine = await guarded(make);
  return {
    ...engine,
    step: (...args) => guarded(() => engine.step(...args)),
    evaluate: (...args) => guarded(() => engine.evaluate(...args)),
    teacherOutputs: (...args) => guarded(() => engine.teacherOutputs(...args)),
  };
}

/**
 * Warns before a run starts if it may not fit into memory. On a CPU the system would end the process without an error;
 * a GPU's allocator reports one.
 *
 * @param isNew whether the batch size can still be chosen
 */
export function warnOfMemory(
  parts: EngineParts,
  reporter: Reporter,
  isNew: boolean,
  free: number = process.availableMemory(),
): void {
  if (parts.engine.device === 'gpu') return;
  const { batchSize, accumulate } = parts.settings;
  const step = measuredStep(parts);
  // What the eager engine keeps is counted at once, and is more than what a recorded step needs.
  if (memoryNeed({ ...step, engine: 'eager' }, MAX_LENGTH)(batchSize) <= free) return;
  const need = memoryNeed(step, MAX_LENGTH);
  if (need(batchSize) <= free) return;
  const [needed, found] = formatBytesApart(need(batchSize), free);
  reporter.warn(
    `memory: expected about ${needed} free, found ${found}: the system may kill the run without an error; ` +
      (isNew
        ? smallerStep({ batchSize, accumulate, fits: largestBatch(need, free) })
        : 'end other programs, or raise the limit of this one'),
  );
}

/**
 * Free memory in bytes: that of a GPU before TensorFlow was loaded, undefined if nothing tells; otherwise that of the
 * machine or of this process's control group.
 */
export function freeMemoryBytes({ device, gpu }: Pick<EngineInfo, 'device' | 'gpu'>): number | undefined {
  return device === 'gpu' ? freeGpuBytes(gpu) : process.availableMemory();
}

/** Rewords TensorFlow's errors about memory and the GPU for the user; returns other errors unchanged. */
function reworded(error: unknown, parts: EngineParts, free: number | undefined): unknown {
  const allocation = failedAllocation(error);
  const { device, gpu } = parts.engine;
  if (allocation === undefined)
    return device === 'gpu' ? asDeviceFailure(error, gpu && `GPU ${gpu.index} (${gpu.name})`) : error;
  const { batchSize, accumulate } = parts.settings;
  const need = memoryNeed(measuredStep(parts), MAX_LENGTH);
  return outOfMemory({
    allocation,
    batchSize,
    accumulate,
    needed: need(batchSize),
    free,
    fits: free === undefined ? Infinity : largestBatch(need, free),
  });
}
