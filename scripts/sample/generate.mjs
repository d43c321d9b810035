/**
 * @file Writes `data/sample` and `data/tiny`: `node scripts/sample/generate.mjs [folder]`, where the folder stands for
 * `data`. The same bytes on every machine.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeSample } from './corpora.mjs';
import { KINDS, writePairs } from './grammar.mjs';
import { studentModel, teacherModel } from './models.mjs';
import { randomSource } from './random.mjs';
import { safetensors } from './safetensors.mjs';
import { clipTokenizer, wordPieceTokenizer } from './tokenizers.mjs';

const PAIRS_PER_KIND = 160;
const SEEDS = { pairs: 1, teacher: 11, student: 12 };
/** As many as keep `model.safetensors` under 600 kB. */
const MERGES = { teacher: 350, student: 600 };

const data = process.argv[2] ?? path.join(import.meta.dirname, '../../data');
const { scenes, things, pictures } = generatePairs();

writeSample(path.join(data, 'sample'), { scenes, things, pictures });

const pairs = [...scenes, ...things, ...pictures];
const english = pairs.map(({ en }) => en);
const korean = pairs.map(({ ko }) => ko);
writeModel('tiny/teacher', clipTokenizer(english, MERGES.teacher), teacherModel, SEEDS.teacher);
writeModel('tiny/student', wordPieceTokenizer([...english, ...korean], MERGES.student), studentModel, SEEDS.student);

/** The pairs by what they describe, no text twice in all of them. */
function generatePairs() {
  const random = randomSource(SEEDS.pairs);
  const seen = new Set();
  const subjects = Object.entries(KINDS).map(([subject, kinds]) => [
    subject,
    writePairs(kinds, PAIRS_PER_KIND * kinds.length, seen, random),
  ]);
  return Object.fromEntries(subjects);
}

function writeModel(folder, tokenizer, model, seed) {
  const { config, tensors } = model(tokenizer.size, seed);
  for (const [name, content] of Object.entries({ ...tokenizer.files, 'config.json': config })) {
    write(`${folder}/${name}`, typeof content === 'string' ? content : `${JSON.stringify(content, null, 1)}\n`);
  }
  write(`${folder}/model.safetensors`, safetensors(tensors));
}

function write(name, content) {
  const file = path.join(data, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}
