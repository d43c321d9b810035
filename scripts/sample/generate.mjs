/**
 * @file Writes `data/sample` and `data/tiny`, the same bytes on every machine.
 *
 *     node scripts/sample/generate.mjs [folder]     the folder replaces `data`
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readArguments } from '../arguments.mjs';
import { writeSample } from './corpora.mjs';
import { KINDS, writePairs } from './grammar.mjs';
import { studentModel, teacherModel } from './models.mjs';
import { randomSource } from './random.mjs';
import { safetensors } from './safetensors.mjs';
import { clipTokenizer, wordPieceTokenizer } from './tokenizers.mjs';

/** @import { Kind } from './grammar.mjs' */
/** @import { Model } from './models.mjs' */
/** @import { Tokenizer } from './tokenizers.mjs' */

const PAIRS_PER_KIND = 160;
const SEEDS = { pairs: 1, teacher: 11, student: 12 };
/** The number of merges that keeps `model.safetensors` under 600 kB. */
const MERGES = { teacher: 350, student: 600 };

const {
  others: [data = path.join(import.meta.dirname, '../../data')],
} = readArguments(import.meta.filename, {}, 'the folder');
const { scenes, things, pictures } = generatePairs();

writeSample(path.join(data, 'sample'), { scenes, things, pictures });

const pairs = [...scenes, ...things, ...pictures];
const english = pairs.map(({ en }) => en);
const korean = pairs.map(({ ko }) => ko);
writeModel('tiny/teacher', clipTokenizer(english, MERGES.teacher), teacherModel, SEEDS.teacher);
writeModel('tiny/student', wordPieceTokenizer([...english, ...korean], MERGES.student), studentModel, SEEDS.student);

/** The pairs by what they describe, with no text twice. */
function generatePairs() {
  const random = randomSource(SEEDS.pairs);
  /** @type {Set<string>} */
  const seen = new Set();
  /** @param {readonly Kind[]} kinds */
  const pairsOf = (kinds) => writePairs(kinds, PAIRS_PER_KIND * kinds.length, seen, random);
  return { scenes: pairsOf(KINDS.scenes), things: pairsOf(KINDS.things), pictures: pairsOf(KINDS.pictures) };
}

/**
 * @param {string} folder
 * @param {Tokenizer} tokenizer
 * @param {(vocabSize: number, seed: number) => Model} model
 * @param {number} seed
 */
function writeModel(folder, tokenizer, model, seed) {
  const { config, tensors } = model(tokenizer.size, seed);
  for (const [name, content] of Object.entries({ ...tokenizer.files, 'config.json': config })) {
    write(`${folder}/${name}`, typeof content === 'string' ? content : `${JSON.stringify(content, null, 1)}\n`);
  }
  write(`${folder}/model.safetensors`, safetensors(tensors));
}

/**
 * @param {string} name
 * @param {string | Buffer} content
 */
function write(name, content) {
  const file = path.join(data, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}
