/** How fast texts are encoded by kd and by PyTorch, and how much the outputs differ. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '#dist/base/median.js';
import { configJson } from '#dist/models/exported-config.js';
import { writeModelFolder } from '#dist/models/model-folder.js';
import { randomModel } from '#dist/models/pretrained.js';
import { loadTokenizer } from '#dist/text/tokenizer.js';
import { tokenBatch } from '#dist/text/token-batch.js';
import { corpusRows } from '../corpora/rows.mjs';
import { inProject } from '../kd.mjs';
import { markdownTable, measure, measureInTurn } from './measure.mjs';
import { modelConfigs } from './models.mjs';
import { weights } from './weights.mjs';

/** @import { EncodeTimes } from './encode-texts.mjs' */

/**
 * What is compared.
 *
 * @typedef {object} Choice
 * @property {string} models `full` or `tiny`
 * @property {number} texts how many
 * @property {number} rounds
 * @property {readonly string[]} ours precisions
 * @property {readonly string[]} theirs modes of PyTorch; none without it
 * @property {string} python
 */

/** @typedef {{ name: string, outputs: string, run: (outputs?: string) => EncodeTimes, results: EncodeTimes[] }} Way */

/** The tokenizer of the tiny student, whose ids are valid for every student. */
const TOKENIZER = inProject('data/tiny/student');
/** Rows of generated corpora, and the stride at which they are taken, since neighbours are alike. */
const [ROWS, STRIDE] = [100_000, 97];

/** Names of what is compared: precisions. */
export const ENCODING_WAYS = { ours: ['fp32', 'bf16'], theirs: ['fp32', 'bf16', 'autocast-bf16'] };

/**
 * Measures all variants in turn, and prints a table.
 *
 * @param {Choice} choice
 */
export async function benchEncoding({ models, texts: count, rounds, ours, theirs, python }) {
  const folder = mkdtempSync(join(tmpdir(), 'kd-bench-encoding-'));
  try {
    const { texts, lengths } = await writeInputs(folder, models, count);
    console.log(`${texts} Korean texts of ${lengths}, in batches of 32; threads: ${availableParallelism()}\n`);
    const ways = [
      ...ours.map((precision) => ourWay(folder, precision)),
      ...theirs.map((mode) => theirWay(folder, mode, python)),
    ];
    await measureInTurn(
      ways,
      rounds,
      ({ run, outputs }, round) => run(round === 1 ? outputs : undefined),
      ({ seconds }) => `${seconds.toPrecision(3)} s`,
    );
    printTable(ways, count);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * A student with random weights, the texts, and their ids for PyTorch.
 *
 * @param {string} folder
 * @param {string} models
 * @param {number} count
 */
async function writeInputs(folder, models, count) {
  const { student } = await modelConfigs(models);
  if (student.family !== 'roberta') throw new Error(`expected a RoBERTa student, got ${student.family}`);
  const { encoder } = randomModel(student, 2);
  await writeModelFolder(folder, {
    parameters: weights(encoder),
    shapes: encoder.shapes,
    config: JSON.stringify(configJson(student)),
    files: [],
  });
  const rowAt = corpusRows(ROWS, { seed: 0, faults: false });
  const texts = Array.from({ length: count }, (_, i) => rowAt((i * STRIDE) % ROWS).ko ?? '');
  const { ids, lengths, size } = tokenBatch(texts, await loadTokenizer(TOKENIZER));
  const rows = texts.map((_, row) => [...ids.subarray((row * ids.length) / size, ((row + 1) * ids.length) / size)]);
  writeFileSync(join(folder, 'texts.json'), JSON.stringify(texts));
  writeFileSync(join(folder, 'ids.json'), JSON.stringify(rows));
  const mean = lengths.reduce((sum, length) => sum + length, 0) / count;
  return {
    texts: count,
    lengths: `${Math.min(...lengths)} to ${Math.max(...lengths)} tokens (mean ${mean.toFixed(1)})`,
  };
}

/**
 * @param {string} folder
 * @param {string} precision
 * @returns {Way}
 */
function ourWay(folder, precision) {
  const request = { model: folder, texts: join(folder, 'texts.json'), precision };
  return {
    name: `kd ${precision}`,
    outputs: join(folder, `kd-${precision}.bin`),
    run: (outputs) =>
      measure(process.execPath, [inProject('scripts/bench/encode-texts.mjs'), JSON.stringify({ ...request, outputs })]),
    results: [],
  };
}

/**
 * @param {string} folder
 * @param {string} mode
 * @param {string} python
 * @returns {Way}
 */
function theirWay(folder, mode, python) {
  const request = { model: folder, ids: join(folder, 'ids.json'), mode, threads: availableParallelism() };
  return {
    name: `PyTorch ${mode}, padded to 77`,
    outputs: join(folder, `pytorch-${mode}.bin`),
    run: (outputs) =>
      measure(python, [inProject('scripts/bench/encode_texts.py'), JSON.stringify({ ...request, outputs })]),
    results: [],
  };
}

/**
 * @param {readonly Way[]} ways
 * @param {number} count
 */
function printTable(ways, count) {
  const reference = ways.find(({ name }) => name.startsWith('PyTorch fp32')) ?? ways[0];
  if (reference === undefined) return;
  const exact = outputsOf(reference);
  const rows = ways.map((way) => {
    const seconds = median(way.results.map((result) => result.seconds));
    const { largest, share } = differences(outputsOf(way), exact);
    return {
      way,
      seconds,
      cells: [
        way.name,
        seconds.toPrecision(3),
        median(way.results.map(({ cpuSeconds }) => cpuSeconds)).toPrecision(3),
        (count / seconds).toFixed(0),
        `${(Math.max(...way.results.map(({ peakBytes }) => peakBytes)) / 1e9).toFixed(2)} GB`,
        way === reference ? '–' : largest.toExponential(1),
        way === reference ? '–' : share.toExponential(1),
      ],
    };
  });
  const header = ['', 's', 'CPU s', 'texts/s', 'peak memory', 'largest difference', 'mean square, of the variance'];
  console.log(
    markdownTable(
      header,
      rows.map(({ cells }) => cells),
    ),
  );
  console.log(`\nDifferences of the last hidden states from those of ${reference.name}.`);
  for (const ours of rows.filter(({ way }) => way.name.startsWith('kd')))
    for (const rival of rows.filter(({ way }) => way.name.startsWith('PyTorch')))
      console.log(`\n${ours.way.name}: ${(rival.seconds / ours.seconds).toFixed(2)} × ${rival.way.name}`);
}

/** @param {Way} way */
function outputsOf({ outputs }) {
  const { buffer, byteOffset, byteLength } = readFileSync(outputs);
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

/**
 * The largest difference, and the mean squared difference as a share of the variance.
 *
 * @param {Float32Array} values
 * @param {Float32Array} exact
 */
function differences(values, exact) {
  let [largest, squares, sum, ofExact] = [0, 0, 0, 0];
  for (const [i, value] of exact.entries()) {
    const difference = Math.abs((values[i] ?? NaN) - value);
    largest = Math.max(largest, difference);
    squares += difference ** 2;
    sum += value;
    ofExact += value ** 2;
  }
  return { largest, share: squares / (ofExact - sum ** 2 / exact.length) };
}
