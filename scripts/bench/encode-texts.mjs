/**
 * Times the encoding of texts in a process of its own, from the first text to the last output, with the engine loaded.
 *
 *   node scripts/bench/encode-texts.mjs \
 *     '{"model":"folder","texts":"texts.json","precision":"fp32","outputs":"out.bin"}'
 *
 * Writes the last hidden states row-major to `outputs`, if given. Prints one JSON line.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { encodeBatches } from '#dist/app/encoding/encode-batches.js';
import { putRows } from '#dist/base/rows.js';
import { encoderEngine } from '#dist/engine/encoder.js';
import { openPretrained } from '#dist/models/pretrained.js';
import { loadBackend } from '#dist/tensorflow/backend.js';
import { loadTokenizer } from '#dist/text/tokenizer.js';
import { inProject } from '../kd.mjs';

/** @import { Precision } from '#dist/engine/precision-choice.js' */
/** @typedef {{ model: string, texts: string, precision: Precision, outputs?: string }} Request */
/** @typedef {{ seconds: number, cpuSeconds: number, peakBytes: number }} EncodeTimes what is printed */

const TOKENIZER = inProject('data/tiny/student');
const BATCH_SIZE = 32;

/** @type {Request} */
const { model: folder, texts: file, precision, outputs } = JSON.parse(process.argv[2] ?? '');
/** @type {string[]} */
const texts = JSON.parse(readFileSync(file, 'utf8'));
const tokenizer = await loadTokenizer(TOKENIZER);
await loadBackend('tensorflow', 'auto');
const { encoder, parameters } = await openPretrained(folder, 0);
const { width } = encoder;
const engine = await encoderEngine(encoder, parameters(), { precision });

const [start, cpuStart] = [performance.now(), process.cpuUsage()];
const hidden = new Float32Array(texts.length * tokenizer.maxLength * width);
const request = { texts, tokenizer, width, batchSize: BATCH_SIZE, masked: false };
for await (const { rows, lastHiddenState } of encodeBatches(request, engine)) putRows(hidden, rows, lastHiddenState);
const { user, system } = process.cpuUsage(cpuStart);
const seconds = (performance.now() - start) / 1000;
engine.dispose();
if (outputs !== undefined) writeFileSync(outputs, hidden);
console.log(
  JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, peakBytes: process.resourceUsage().maxRSS * 1024 }),
);
