/**
 * Times the distillation step of the full-size models (random weights, random ids) in a process of its own.
 *
 *   node scripts/bench/step.mjs '{"engine":"compiled","precision":"bf16","batch":32,"dropout":0.1,"steps":5}'
 *
 * Prints one JSON line: seconds a step (every one but the first), seconds to the first step's end, peak memory.
 */
import { compiledEngine } from '../../dist/engine/compiled.js';
import { eagerEngine } from '../../dist/engine/eager.js';
import { loadBackend } from '../../dist/engine/tensorflow.js';
import { randomModel } from '../../dist/models/pretrained.js';
import { clipVitLargePatch14Text, klueRobertaSmall } from '../../dist/models/published.js';
import { randomBits } from '../../dist/random.js';
import { weights } from './weights.mjs';

const LENGTH = 77;
const { engine: name, precision, batch, dropout, steps } = JSON.parse(process.argv[2]);

const models = { teacher: randomModel(clipVitLargePatch14Text(), 1), student: randomModel(klueRobertaSmall(), 2) };
const distillation = { teacher: models.teacher.encoder, student: models.student.encoder, loss: 'hidden' };
const options = { optimizer: 'adamw', weightDecay: 1e-4, accumulate: 1, batchSize: batch, dropout, seed: 1, precision };

const started = performance.now();
const { device } = await loadBackend('tensorflow', 'auto', { fuse: name === 'compiled' });
const fused = name === 'compiled' && device === 'cpu';
const parameters = { teacher: weights(models.teacher.encoder), student: weights(models.student.encoder) };
const engine = await (name === 'compiled' ? compiledEngine(distillation, parameters, { ...options, fused }, LENGTH) : eagerEngine(distillation, parameters, options));
const seconds = [];
let firstStepDone;
for (let step = 0; step <= steps; step++) {
  const input = randomBatch(step);
  const start = performance.now();
  await engine.step([input], 5e-5);
  seconds.push((performance.now() - start) / 1000);
  firstStepDone ??= (performance.now() - started) / 1000;
}
console.log(JSON.stringify({ seconds: seconds.slice(1), toFirstStep: firstStepDone, peakBytes: process.resourceUsage().maxRSS * 1024 }));

function randomBatch(step) {
  const ids = (place, vocabulary) => Int32Array.from(randomBits(batch * LENGTH, [place, step]), (bits) => bits % vocabulary);
  return { size: batch, teacherIds: ids(1, 49408), studentIdsEn: ids(2, 32000), studentIdsKo: ids(3, 32000), rows: new Uint32Array(batch) };
}
