/**
 * Measures the memory used to draw a picture with a pipeline's folder, without the text encoder, in a process of its
 * own.
 *
 *   node scripts/bench/picture.mjs '{"folder":"pipeline","size":256,"lowMemory":false}'
 *
 * Prints one JSON line, in bytes: resident memory before anything is loaded, the peaks of loading and of drawing, and
 * `activations`: how much private memory grows between the start of the first step and the peak of drawing. That peak
 * is taken in the second step and the second decoding, when all weights mapped from files have been paged in.
 */
import { noiseFromSeed } from '#dist/diffusion/noise.js';
import { openPipeline } from '#dist/diffusion/pipeline.js';
import { inspectPipeline, readScheduler } from '#dist/diffusion/pipeline-check.js';
import { randomNormal } from '#dist/base/philox.js';
import { memoryOf, resetPeak } from './process-memory.mjs';

/**
 * What is printed, in bytes.
 *
 * @typedef {{ bare: number, loading: number, drawing: number, activations: number }} PictureMemory
 */

/** @type {{ folder: string, size: number, lowMemory: boolean }} */
const { folder, size, lowMemory } = JSON.parse(process.argv[2] ?? '');

const { resident: bare } = memoryNow();
const pipeline = await openPipeline(folder, await readScheduler(folder, 'ddim'), 'cpu');
const { textWidth } = (await inspectPipeline(folder)).unet;
if (textWidth === undefined) throw new Error(`${folder}: expected a UNet that says how wide its texts are`);
const loaded = memoryNow();
resetPeak('self');
const { noise } = noiseFromSeed(1, size, size);
const [prompt, negative] = [randomNormal(77 * textWidth, 1, [1, 1]), randomNormal(77 * textWidth, 1, [1, 2])]; // [L, D]
/** @type {number[]} */
const peaks = [];
const request = { noise, width: size, height: size, prompt, negative, guidance: 7.5, steps: 2, oneByOne: lowMemory };
const latents = await pipeline.denoise({
  ...request,
  onStep: (done) => {
    if (done === 1) restart();
  },
});
const denoising = ownPeak();
restart();
await pipeline.decode(latents, size, size);
restart();
await pipeline.decode(latents, size, size);
const activations = Math.max(denoising, ownPeak()) - loaded.anonymous;
restart();
await pipeline.release();
console.log(JSON.stringify({ bare, loading: loaded.peak, drawing: Math.max(...peaks), activations }));

function memoryNow() {
  const memory = memoryOf('self');
  if (memory === undefined) throw new Error('/proc: expected the memory of this process, as Linux tells it');
  return memory;
}

function restart() {
  peaks.push(memoryNow().peak);
  resetPeak('self');
}

/** The peak of private memory, without file pages. */
function ownPeak() {
  const { peak: most, mapped } = memoryNow();
  return most - mapped;
}
