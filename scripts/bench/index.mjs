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
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { median } from '#dist/base/median.js';
import { choosePrecision } from '#dist/engine/precision.js';
import { processorFeatures } from '#dist/tensorflow/hardware.js';
import { inProject } from '../kd.mjs';
import { LENGTH } from './batch.mjs';
import { benchEncoding } from './encoding.mjs';
import { machine, markdownTable, measure } from './measure.mjs';
import { modelConfigs } from './models.mjs';
import { benchRealTexts } from './real-texts.mjs';

/** @import { TextModelConfig } from '#dist/models/config.js' */
/** @import { Rates } from './products.mjs' */
/** @import { StepTimes } from './step.mjs' */

/**
 * A way to run the step, at a batch size and a dropout.
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {keyof Rates} precision
 * @property {number} batch
 * @property {number} dropout
 * @property {string} label
 * @property {() => StepTimes} run
 * @property {StepTimes[]} results
 */

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
/** What `kd train` computes the published models on. */
const SITE = /** @type {const} */ ({ device: 'cpu', isRecorded: true, isLarge: true });
/** @param {string} text */
const list = (text) => text.split(',').filter(Boolean);

const configs = await modelConfigs(flags.models);
/** @type {Rates} */
const rates = measure(process.execPath, [inProject('scripts/bench/products.mjs')]);
console.log(
  `Machine: ${machine()}; ` +
    `products alone: ${rates.fp32} GFLOP/s in fp32, ${rates.bf16 || 'none'} in bf16; Node ${process.versions.node}\n`,
);

/** What `--precision auto` goes by. */
const processor = {
  features: processorFeatures(),
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
  const precision = flags.precision ?? (await choosePrecision('auto', SITE, undefined, processor)).precision;
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
} else benchSteps();

/** Measures all ways to run the step in turn, and prints a table. */
function benchSteps() {
  const cases = list(flags.batch)
    .map(Number)
    .flatMap((batch) =>
      list(flags.dropout ?? '0,0.1')
        .map(Number)
        .flatMap((dropout) => casesOf(batch, dropout)),
    );
  const rounds = Number(flags.rounds ?? 2);
  for (let round = 1; round <= rounds; round++) {
    for (const [i, { label, run, results }] of cases.entries()) {
      process.stderr.write(`round ${round}/${rounds}, ${i + 1}/${cases.length}: ${label}\n`);
      const result = run();
      results.push(result);
      process.stderr.write(
        `  ${median(result.seconds).toPrecision(3)} s a step, ${(result.peakBytes / 1e9).toFixed(2)} GB\n`,
      ); // a later one may fail
    }
  }
  printTable(cases);
}

/**
 * One row a way to run the step, at a batch size and a dropout.
 *
 * @param {number} batch
 * @param {number} dropout
 * @returns {Case[]}
 */
function casesOf(batch, dropout) {
  const common = { models: flags.models, batch, dropout, steps: Number(flags.steps ?? 4) };
  const ours = list(flags.ours ?? (rates.bf16 > 0 ? 'compiled-bf16,compiled-fp32' : 'compiled-fp32')).map((name) => {
    const [way, precision] = name.split('-');
    const engine = way === 'cached' ? { engine: 'compiled', cached: true } : { engine: way };
    return newCase(`kd ${name}`, precision, common, () =>
      measure(process.execPath, [
        inProject('scripts/bench/step.mjs'),
        JSON.stringify({ ...common, ...engine, precision }),
      ]),
    );
  });
  const theirs = flags.against === 'pytorch' ? list(flags.theirs ?? 'compile-bf16,eager-bf16,eager-fp32') : [];
  const pytorch = theirs.map((mode) =>
    newCase(`PyTorch ${mode}`, mode.split('-')[1], common, () =>
      measure(flags.python, [
        inProject('scripts/bench/step.py'),
        JSON.stringify({ ...common, mode, configs, threads: availableParallelism() }),
      ]),
    ),
  );
  return [...ours, ...pytorch];
}

/**
 * @param {string} name
 * @param {string | undefined} precision
 * @param {{ batch: number, dropout: number }} settings
 * @param {() => StepTimes} run
 * @returns {Case}
 */
function newCase(name, precision, { batch, dropout }, run) {
  const label = `${name}, batch ${batch}, dropout ${dropout}`;
  return { name, precision: precision === 'bf16' ? 'bf16' : 'fp32', batch, dropout, label, run, results: [] };
}

/** @param {readonly Case[]} cases */
function printTable(cases) {
  const rows = cases.map((one) => {
    const seconds = median(one.results.flatMap((result) => result.seconds));
    const pairsPerSecond = one.batch / seconds;
    return {
      ...one,
      pairsPerSecond,
      cells: [
        one.name,
        one.batch,
        one.dropout,
        seconds.toPrecision(3),
        median(one.results.flatMap((result) => result.cpuSeconds)).toPrecision(3),
        pairsPerSecond.toFixed(1),
        rates[one.precision] > 0
          ? `${Math.round((100 * stepFlops(one)) / seconds / 1e9 / rates[one.precision])}%`
          : '–',
        `${(Math.max(...one.results.map(({ peakBytes }) => peakBytes)) / 1e9).toFixed(2)} GB`,
        `${Math.round(median(one.results.map(({ toFirstStep }) => toFirstStep)))} s`,
      ],
    };
  });
  const header = [
    '',
    'batch',
    'dropout',
    's a step',
    'CPU s',
    'pairs/s',
    "of the products' rate",
    'peak memory',
    'to first step',
  ];
  console.log(
    markdownTable(
      header,
      rows.map(({ cells }) => cells),
    ),
  );
  for (const ours of rows.filter(({ name }) => name.startsWith('kd'))) {
    const rivals = rows.filter(
      (row) =>
        row.name.startsWith('PyTorch') &&
        row.batch === ours.batch &&
        row.dropout === ours.dropout &&
        row.precision === ours.precision,
    );
    for (const rival of rivals)
      console.log(`\n${ours.label}: ${(ours.pairsPerSecond / rival.pairsPerSecond).toFixed(2)} × ${rival.name}`);
  }
}

/**
 * Floating-point operations of a step's products: the teacher forward, unless its outputs are given, and the student
 * (twice the rows) forward and backward.
 *
 * @param {Case} step
 */
function stepFlops({ name, batch }) {
  /**
   * @param {TextModelConfig} config
   * @param {number} sentences
   */
  const forward = ({ hiddenSize: width, intermediateSize: inner, numHiddenLayers: layers }, sentences) =>
    layers *
    (2 * sentences * LENGTH * (4 * width * width + 2 * width * inner) + 4 * sentences * LENGTH * LENGTH * width);
  return (name.startsWith('kd cached') ? 0 : forward(configs.teacher, batch)) + 3 * forward(configs.student, 2 * batch);
}
