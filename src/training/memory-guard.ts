/** @file Memory that runs out in a run: known by what TensorFlow says, told with the batch size that would fit. */
import type { Engine } from '../distill/engine.js';
import { MAX_LENGTH } from '../text/tokenizer.js';
import type { EngineInfo } from './engine-info.js';
import { measuredStep, type EngineParts } from './engine-parts.js';
import { memoryNeed } from '../engine/memory.js';
import { largestBatch } from './usable-memory.js';
import { exhausted, exhaustionMessage, OutOfMemory } from './out-of-memory.js';

/**
 * Makes an engine that says which batch size would fit when memory runs out.
 *
 * @throws OutOfMemory when it runs out while the engine is made, and later from all that computes a batch
 */
export async function guardMemory(parts: EngineParts, make: () => Promise<Engine>): Promise<Engine> {
  const free = freeBytes(parts.engine);
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asOutOfMemory(error, parts, free);
    }
  };
  const engine = await guarded(make);
  return {
    ...engine,
    step: (...args) => guarded(() => engine.step(...args)),
    evaluate: (...args) => guarded(() => engine.evaluate(...args)),
    teach: (...args) => guarded(() => engine.teach(...args)),
  };
}

/** Bytes that a run may take: the GPU's as the driver told it before TensorFlow was loaded, else what the machine or this process's control group has left. */
export function freeBytes({ device, gpu }: Pick<EngineInfo, 'device' | 'gpu'>): number {
  return device === 'gpu' && gpu !== undefined ? gpu.freeBytes : process.availableMemory();
}

/** TensorFlow's error for memory, worded for who chose the batch size; other errors as they are. */
function asOutOfMemory(error: unknown, parts: EngineParts, free: number): unknown {
  const asked = exhausted(error);
  if (asked === undefined) return error;
  const { batchSize, accumulate } = parts.settings;
  const need = memoryNeed(measuredStep(parts), MAX_LENGTH);
  return new OutOfMemory(
    exhaustionMessage({ asked, batchSize, accumulate, needed: need(batchSize), free, fits: largestBatch(need, free) }),
  );
}
