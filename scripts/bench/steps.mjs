/** How fast the step is on random ids, in kd and in PyTorch. */
import { availableParallelism } from 'node:os';
import { median } from '#dist/base/median.js';
import { inProject } from '../kd.mjs';
import { LENGTH } from './batch.mjs';
import { markdownTable, measure, measureInTurn } from './measure.mjs';
import { modelConfigs } from './models.mjs';

/** @import { TextModelConfig } from '#dist/models/config.js' */
/** @import { Configs } from './models.mjs' */
/** @import { Rates } from './products.mjs' */
/** @import { StepTimes } from './step.mjs' */

/**
 * What is compared.
 *
 * @typedef {object} Choice
 * @property {string} models `full` or `tiny`
 * @property {readonly number[]} batches
 * @property {readonly number[]} dropouts
 * @property {number} steps
 * @property {number} rounds
 * @property {readonly string[]} ours `compiled-bf16`, `cached-fp32`, …
 * @property {readonly string[]} theirs modes of PyTorch; none without it
 * @property {string} python
 */

/**
 * A variant of the step, at a batch size and a dropout.
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

/** Names of what is compared: a way and a precision. */
export const STEP_WAYS = {
  ours: ['compiled', 'cached', 'eager'].flatMap((way) => [`${way}-fp32`, `${way}-bf16`]),
  theirs: ['eager-fp32', 'eager-bf16', 'compile-fp32', 'compile-bf16'],
};

/**
 * Measures all variants in turn, and prints a table.
 *
 * @param {Choice} choice
 * @param {Rates} rates of products alone
 */
export async function benchSteps(choice, rates) {
  const configs = await modelConfigs(choice.models);
  const cases = choice.batches.flatMap((batch) =>
    choice.dropouts.flatMap((dropout) => casesOf(choice, configs, batch, dropout)),
  );
  const labelled = cases.map((one) => ({ ...one, name: one.label })); // with the same lists of results
  await measureInTurn(labelled, choice.rounds, ({ run }) => run(), describe);
  printTable(cases, configs, rates);
}

/** @param {StepTimes} times */
function describe({ seconds, peakBytes }) {
  return `${median(seconds).toPrecision(3)} s a step, ${(peakBytes / 1e9).toFixed(2)} GB`;
}

/**
 * One row per variant of the step, at a batch size and a dropout.
 *
 * @param {Choice} choice
 * @param {Configs} configs
 * @param {number} batch
 * @param {number} dropout
 * @returns {Case[]}
 */
function casesOf({ models, steps, ours, theirs, python }, configs, batch, dropout) {
  const common = { models, batch, dropout, steps };
  const own = ours.map((name) => {
    const [way, precision] = name.split('-');
    const engine = way === 'cached' ? { engine: 'compiled', cached: true } : { engine: way };
    return newCase(`kd ${name}`, precision, common, () =>
      measure(process.execPath, [
        inProject('scripts/bench/step.mjs'),
        JSON.stringify({ ...common, ...engine, precision }),
      ]),
    );
  });
  const pytorch = theirs.map((mode) =>
    newCase(`PyTorch ${mode}`, mode.split('-')[1], common, () =>
      measure(python, [
        inProject('scripts/bench/step.py'),
        JSON.stringify({ ...common, mode, configs, threads: availableParallelism() }),
      ]),
    ),
  );
  return [...own, ...pytorch];
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

/**
 * @param {readonly Case[]} cases
 * @param {Configs} configs
 * @param {Rates} rates
 */
function printTable(cases, configs, rates) {
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
          ? `${Math.round((100 * stepFlops(one, configs)) / seconds / 1e9 / rates[one.precision])}%`
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
 * Floating-point operations in a step's matrix products: teacher forward, unless its outputs are given, and student
 * (twice the rows) forward and backward.
 *
 * @param {Case} step
 * @param {Configs} configs
 */
function stepFlops({ name, batch }, configs) {
  /**
   * @param {TextModelConfig} config
   * @param {number} sentences
   */
  const forward = ({ hiddenSize: width, intermediateSize: inner, numHiddenLayers: layers }, sentences) =>
    layers *
    (2 * sentences * LENGTH * (4 * width * width + 2 * width * inner) + 4 * sentences * LENGTH * LENGTH * width);
  return (name.startsWith('kd cached') ? 0 : forward(configs.teacher, batch)) + 3 * forward(configs.student, 2 * batch);
}
