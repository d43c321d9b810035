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
import { choice, COUNT, NAMES, severalOf, SHARE, SWITCH, TEXT } from '#dist/base/kinds.js';
import { choosePrecision } from '#dist/engine/precision.js';
import { cpuFeatures } from '#dist/tensorflow/hardware.js';
import { readArguments, refuse } from '../arguments.mjs';
import { inProject } from '../kd.mjs';
import { benchEncoding, ENCODING_WAYS } from './encoding.mjs';
import { machine, measure } from './measure.mjs';
import { MODELS } from './models.mjs';
import { benchRealTexts, REAL_WAYS } from './real-texts.mjs';
import { benchSteps, STEP_WAYS } from './steps.mjs';

/** @import { Rates } from './products.mjs' */

const { flags } = readArguments(import.meta.filename, {
  models: { kind: choice(MODELS), default: 'full' },
  batch: { kind: severalOf(COUNT), default: [32] },
  dropout: { kind: severalOf(SHARE) },
  steps: { kind: COUNT },
  rounds: { kind: COUNT },
  ours: { kind: NAMES },
  against: { kind: choice(['pytorch']) },
  python: { kind: TEXT, default: 'python3' },
  theirs: { kind: NAMES },
  encode: { kind: SWITCH, default: false },
  count: { kind: COUNT, default: 640 },
  texts: { kind: choice(['random', 'real']), default: 'random' },
  precision: { kind: choice(['fp32', 'bf16']) },
});
checkNames();
/** What `kd train` runs the published models on. */
const SITE = /** @type {const} */ ({ device: 'cpu', isRecorded: true, isLarge: true });

/** @type {Rates} */
const rates = measure(process.execPath, [inProject('scripts/bench/products.mjs'), String(10 * (flags.rounds ?? 3))]);
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
    texts: flags.count,
    rounds: flags.rounds ?? 2,
    ours: flags.ours ?? (rates.bf16 > 0 ? ['fp32', 'bf16'] : ['fp32']),
    theirs: flags.against === 'pytorch' ? (flags.theirs ?? ['fp32', 'bf16', 'autocast-bf16']) : [],
    python: flags.python,
  });
} else if (flags.texts === 'real') {
  const precision = flags.precision ?? (await choosePrecision('auto', SITE, undefined, cpu)).precision;
  await benchRealTexts({
    models: flags.models,
    batch: flags.batch[0] ?? 0,
    steps: flags.steps ?? 8,
    rounds: flags.rounds ?? 3,
    ours: flags.ours ?? ['default', 'grouped'],
    theirs:
      flags.against === 'pytorch' ? (flags.theirs ?? ['eager-fp32', 'compile-fp32', 'eager-bf16', 'compile-bf16']) : [],
    dropout: flags.dropout?.[0] ?? 0,
    precision: precision === 'bf16' ? 'bf16' : 'fp32',
    python: flags.python,
  });
} else {
  await benchSteps(
    {
      models: flags.models,
      batches: flags.batch,
      dropouts: flags.dropout ?? [0, 0.1],
      steps: flags.steps ?? 4,
      rounds: flags.rounds ?? 2,
      ours: flags.ours ?? (rates.bf16 > 0 ? ['compiled-bf16', 'compiled-fp32'] : ['compiled-fp32']),
      theirs: flags.against === 'pytorch' ? (flags.theirs ?? ['compile-bf16', 'eager-bf16', 'eager-fp32']) : [],
      python: flags.python,
    },
    rates,
  );
}

/** Refuses names of `--ours` and `--theirs` that what is measured does not have, before anything is. */
function checkNames() {
  const ways = flags.encode ? ENCODING_WAYS : flags.texts === 'real' ? REAL_WAYS : STEP_WAYS;
  for (const side of /** @type {const} */ (['ours', 'theirs'])) {
    const way = choice(ways[side]);
    const unknown = flags[side]?.find((name) => !way.is(name));
    if (unknown !== undefined) refuse(`--${side}: expected ${severalOf(way).expected}, got "${unknown}"`);
  }
}
