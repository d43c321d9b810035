/**
 * How fast the distillation step is, with random weights and ids: ours, and PyTorch's beside it. With `--texts real`:
 * on pairs of the generated corpora, as `kd train` takes them, and in PyTorch padded to 77. With `--encode`: how fast
 * texts of these corpora are encoded, and how far outputs are from PyTorch's in float32. `cached`: with the teacher's
 * outputs given, as `kd train --cache-teacher` reads them; PyTorch computes the teacher in every step.
 *
 *   npm run bench -- [--models full|tiny] [--batch 32] [--dropout 0,0.1] [--steps 4] [--rounds 2]
 *                    [--ours compiled-bf16,cached-bf16,eager-fp32,…] [--against pytorch] [--python python3]
 *                    [--theirs compile-bf16,eager-fp32]
 *   npm run bench -- --texts real [--models full|tiny] [--batch 32] [--dropout 0] [--steps 8] [--rounds 3]
 *                    [--ours default,grouped,cached,cached-grouped,dropout] [--precision fp32|bf16]
 *                    [--against pytorch] [--python python3] [--theirs eager-fp32,compile-fp32,eager-bf16,compile-bf16]
 *   npm run bench -- --encode [--models full|tiny] [--count 640] [--rounds 2] [--ours fp32,bf16] [--against pytorch]
 *                    [--python python3] [--theirs fp32,bf16,autocast-bf16]
 *
 * Every measurement is a process of its own; with `--rounds`, all of them are run in turn that often, so that what else
 * the machine does falls on all alike. Prints a Markdown table: the median step, what all cores
 * together worked in it (on an idle machine nearly the step times the cores), pairs/s, the share of the products'
 * measured rate, the peak memory, the time to the first step's end, and the ratios to PyTorch.
 */
import { parseArgs } from 'node:util';
import { choosePrecision } from '#dist/engine/precision.js';
import { cpuFeatures } from '#dist/tensorflow/hardware.js';
import { inProject } from '../kd.mjs';
import { benchEncoding } from './encoding.mjs';
import { machine, measure } from './measure.mjs';
import { benchRealTexts } from './real-texts.mjs';
import { benchSteps } from './steps.mjs';

/** @import { Rates } from './products.mjs' */

const { values: flags } = parseArgs({
  options: {
    models: { type: 'string', default: 'full' },
    batch: { type: 'string', default: '32' },
    dropout: { type: 'string' },
    steps: { type: 'string' },
    rounds: { type: 'string' },
    ours: { type: 'string' },
    against: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    theirs: { type: 'string' },
    encode: { type: 'boolean', default: false },
    count: { type: 'string', default: '640' },
    texts: { type: 'string', default: 'random' },
    precision: { type: 'string' },
  },
});
/** What `kd train` runs the published models on. */
const SITE = /** @type {const} */ ({ device: 'cpu', isRecorded: true, isLarge: true });
/** @param {string} text */
const list = (text) => text.split(',').filter(Boolean);

/** @type {Rates} */
const rates = measure(process.execPath, [
  inProject('scripts/bench/products.mjs'),
  String(10 * Number(flags.rounds ?? 3)),
]);
console.log(
  `Machine: ${machine()}; ` +
    `products alone: ${rates.fp32} GFLOP/s in fp32, ${rates.bf16 || 'none'} in bf16; Node ${process.versions.node}\n`,
);

/** What decides `--precision auto`. */
const cpu = {
  features: cpuFeatures(),
  env: process.env,
  rates: () => Promise.resolve({ float32: rates.fp32, bfloat16: rates.bf16 }),
};

if (flags.encode) {
  await benchEncoding({
    models: flags.models,
    texts: Number(flags.count),
    rounds: Number(flags.rounds ?? 2),
    ours: list(flags.ours ?? (rates.bf16 > 0 ? 'fp32,bf16' : 'fp32')),
    theirs: flags.against === 'pytorch' ? list(flags.theirs ?? 'fp32,bf16,autocast-bf16') : [],
    python: flags.python,
  });
} else if (flags.texts === 'real') {
  const precision = flags.precision ?? (await choosePrecision('auto', SITE, undefined, cpu)).precision;
  await benchRealTexts({
    models: flags.models,
    batch: Number(flags.batch),
    steps: Number(flags.steps ?? 8),
    rounds: Number(flags.rounds ?? 3),
    ours: list(flags.ours ?? 'default,grouped'),
    theirs: flags.against === 'pytorch' ? list(flags.theirs ?? 'eager-fp32,compile-fp32,eager-bf16,compile-bf16') : [],
    dropout: Number(flags.dropout ?? 0),
    precision: precision === 'bf16' ? 'bf16' : 'fp32',
    python: flags.python,
  });
} else {
  await benchSteps(
    {
      models: flags.models,
      batches: list(flags.batch).map(Number),
      dropouts: list(flags.dropout ?? '0,0.1').map(Number),
      steps: Number(flags.steps ?? 4),
      rounds: Number(flags.rounds ?? 2),
      ours: list(flags.ours ?? (rates.bf16 > 0 ? 'compiled-bf16,compiled-fp32' : 'compiled-fp32')),
      theirs: flags.against === 'pytorch' ? list(flags.theirs ?? 'compile-bf16,eager-bf16,eager-fp32') : [],
      python: flags.python,
    },
    rates,
  );
}
