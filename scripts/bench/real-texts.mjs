/** How fast the step is on real texts: as `kd train` runs it, and in PyTorch padded to 77. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '#dist/base/median.js';
import { inProject } from '../kd.mjs';
import { LENGTH } from './batch.mjs';
import { markdownTable, measure, measureInTurn } from './measure.mjs';
import { modelConfigs } from './models.mjs';
import { makeRealStore, openRealBatches } from './real-pairs.mjs';
import { STEP_WAYS } from './steps.mjs';

/** @import { Configs } from './models.mjs' */
/** @import { StepTimes } from './step.mjs' */

/**
 * What is compared.
 *
 * @typedef {object} Choice
 * @property {string} models `full` or `tiny`
 * @property {number} batch
 * @property {number} steps of ours; PyTorch's, which all cost the same, are half as many
 * @property {number} rounds
 * @property {readonly string[]} ours of `OURS`
 * @property {readonly string[]} theirs modes of PyTorch; none without it
 * @property {number} dropout of PyTorch, and of ours that have no other
 * @property {'fp32' | 'bf16'} precision of ours
 * @property {string} python
 */

/** @typedef {{ name: string, run: () => StepTimes, results: StepTimes[] }} Way */

/** Ways to train; the first is the default of `kd train`. */
const OURS =
  /** @type {Readonly<Record<string, { flags: string, grouped?: boolean, cached?: boolean, dropout?: number }>>} */ ({
    default: { flags: '' },
    grouped: { flags: ' --group-by-length', grouped: true },
    dropout: { flags: ' --dropout 0.1', dropout: 0.1 },
    cached: { flags: ' --cache-teacher', cached: true },
    'cached-grouped': { flags: ' --cache-teacher --group-by-length', grouped: true, cached: true },
  });
/** Names of what is compared. */
export const REAL_WAYS = { ours: Object.keys(OURS), theirs: STEP_WAYS.theirs };

/** Grouping windows in a store: each has a quarter of its steps, and so texts of all lengths. */
const WINDOWS = 4;

/**
 * Measures all variants in turn, and prints a table.
 *
 * @param {Choice} choice
 */
export async function benchRealTexts(choice) {
  const folder = mkdtempSync(join(tmpdir(), 'kd-bench-real-'));
  try {
    const { models, batch, steps, rounds, python } = choice;
    const store = makeRealStore(folder, models, WINDOWS * steps * batch, python);
    const ids = join(folder, 'ids.json');
    console.log(`${await writeIds(store, batch, Math.ceil(steps / 2), ids)}; batches of ${batch}\n`);
    const ways = waysOf(choice, await modelConfigs(models), store, ids);
    await measureInTurn(ways, rounds, ({ run }) => run(), describe);
    printTable(ways, batch);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {StepTimes} times */
function describe({ seconds, cpuSeconds, peakBytes }) {
  return [
    `${mean(seconds).toPrecision(3)} s a step`,
    `${mean(cpuSeconds).toPrecision(3)} CPU s`,
    `${(peakBytes / 1e9).toFixed(2)} GB`,
    `load ${loadavg()[0]?.toFixed(1)}`,
  ].join(', ');
}

/**
 * Writes batches of ids for PyTorch.
 *
 * @param {string} store
 * @param {number} batch
 * @param {number} count
 * @param {string} path
 * @returns {Promise<string>} what the texts are like
 */
async function writeIds(store, batch, count, path) {
  const { training, close } = await openRealBatches(store, batch, false);
  const given = [];
  /** @type {number[]} */
  const tokens = [];
  for (let index = 0; index < count; index++) {
    const { teacherIds, studentIdsEn, studentIdsKo } = await training.at(index);
    const student = [...rowsOf(studentIdsEn), ...rowsOf(studentIdsKo)];
    given.push({ teacher: rowsOf(teacherIds), student });
    tokens.push(...student.map((row) => row.findLastIndex((id) => id !== row.at(-1)) + 1));
  }
  await close();
  writeFileSync(path, JSON.stringify(given));
  const range = `${Math.min(...tokens)} to ${Math.max(...tokens)} tokens`;
  return `The student's texts have ${range} (mean ${mean(tokens).toFixed(1)})`;
}

/**
 * @param {Int32Array} ids `[B, 77]`
 * @returns {number[][]}
 */
function rowsOf(ids) {
  return Array.from({ length: ids.length / LENGTH }, (_, row) => [...ids.subarray(row * LENGTH, (row + 1) * LENGTH)]);
}

/**
 * @param {Choice} choice
 * @param {Configs} configs
 * @param {string} store
 * @param {string} ids
 * @returns {Way[]}
 */
function waysOf({ models, batch, steps, ours, theirs, dropout, precision, python }, configs, store, ids) {
  const mine = ours.map((name) => {
    const way = OURS[name];
    if (way === undefined) throw new Error(`no way to train is called ${name}`);
    const { flags, ...choices } = { dropout, ...way };
    const request = { models, engine: 'compiled', precision, batch, steps, store, ...choices };
    return newWay(`kd train${flags}, ${precision}`, process.execPath, [
      inProject('scripts/bench/step.mjs'),
      JSON.stringify(request),
    ]);
  });
  const threads = availableParallelism();
  const common = { batch, dropout, steps: Math.ceil(steps / 2), threads, configs, ids };
  return [
    ...mine,
    ...theirs.map((mode) =>
      newWay(`PyTorch ${mode}`, python, [inProject('scripts/bench/step.py'), JSON.stringify({ ...common, mode })]),
    ),
  ];
}

/**
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @returns {Way}
 */
function newWay(name, command, args) {
  return { name, run: () => measure(command, args), results: [] };
}

/**
 * @param {readonly Way[]} ways
 * @param {number} batch
 */
function printTable(ways, batch) {
  const rows = ways.map(({ name, results }) => {
    const each = results.map(({ seconds }) => mean(seconds));
    return {
      name,
      each,
      cells: [
        name,
        median(each).toPrecision(3),
        `${Math.min(...each).toPrecision(3)} to ${Math.max(...each).toPrecision(3)}`,
        median(results.map(({ cpuSeconds }) => mean(cpuSeconds))).toPrecision(3),
        (batch / median(each)).toFixed(1),
        `${(Math.max(...results.map(({ peakBytes }) => peakBytes)) / 1e9).toFixed(2)} GB`,
        `${Math.round(median(results.map(({ toFirstStep }) => toFirstStep)))} s`,
      ],
    };
  });
  const header = ['', 's a step', 'over the rounds', 'CPU s', 'pairs/s', 'peak memory', 'to first step'];
  const cells = rows.map((row) => row.cells);
  console.log(markdownTable(header, cells));
  for (const ours of rows.filter(({ name }) => name.startsWith('kd')))
    for (const rival of rows.filter(({ name }) => name.startsWith('PyTorch')))
      console.log(`\n${ours.name}: ${(median(rival.each) / median(ours.each)).toFixed(2)} × ${rival.name}`);
}

/** @param {readonly number[]} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
