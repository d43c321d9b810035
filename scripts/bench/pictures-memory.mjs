/**
 * Memory used to draw pictures with random weights on a CPU: by the image model alone, and by the whole `kd generate`.
 *
 *   node scripts/bench/pictures-memory.mjs [--width 160] [--size 256] [--low-memory] [--whole] [--models full|tiny]
 *                                          [--weights float32-inside,float32-beside,float16-inside,float16-beside]
 *
 * `--width` is the channels of the UNet's first level: 320 is Stable Diffusion v1-4, 160 a quarter of its parameters.
 * Prints a Markdown table. Alone, `held` is the higher of both peaks less the bare process and the activations, and
 * stands beside what the models take on disk. With `--whole`, the student of `--models` is the text encoder, and the
 * bare process is the same command on the tests' tiny models; `embedding` is the peak of all processes until the UNet
 * is about to load, `left` what is resident in them then, more than in the bare ones. Needs Linux. The folders that it
 * writes are temporary.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choice, COUNT, PIXELS, severalOf, SWITCH } from '#dist/base/kinds.js';
import { configJson, exportedConfig } from '#dist/models/exported-config.js';
import { writeModelFolder } from '#dist/models/model-folder.js';
import { randomModel } from '#dist/models/pretrained.js';
import { readArguments } from '../arguments.mjs';
import { flagsOf, inProject, KD, passOnSignals } from '../kd.mjs';
import { modelConfigs, MODELS } from './models.mjs';
import { childrenOf, memoryOf, resetPeak } from './process-memory.mjs';
import { writeRandomPipeline } from './random-pipeline.mjs';
import { weights } from './weights.mjs';

/** @import { PictureMemory } from './picture.mjs' */
/** @import { PipelineShape } from './random-pipeline.mjs' */

const SAMPLED_EVERY_MS = 5;
const WEIGHTS = ['float32-inside', 'float32-beside', 'float16-inside', 'float16-beside'];
const { flags } = readArguments(import.meta.filename, {
  width: { kind: COUNT, default: 160 },
  size: { kind: PIXELS, default: 256 },
  weights: { kind: severalOf(choice(WEIGHTS)), default: WEIGHTS },
  'low-memory': { kind: SWITCH, default: false },
  whole: { kind: SWITCH, default: false },
  models: { kind: choice(MODELS), default: 'full' },
});
const { size, 'low-memory': lowMemory } = flags;
const scratch = mkdtempSync(join(tmpdir(), 'kd-pictures-'));
process.on('exit', () => {
  rmSync(scratch, { recursive: true, force: true });
});

const { student: config } = await modelConfigs(flags.models);
if (flags.whole) await printWhole();
else await printAlone();

async function printAlone() {
  printRow([
    'weights',
    'parameters',
    'on disk',
    'bare',
    'peak loading',
    'peak drawing',
    'activations',
    'held',
    'of what is on disk',
  ]);
  for (const kind of flags.weights) {
    const { folder, parameters, bytes } = await writePipeline(kind);
    const { bare, loading, drawing, activations } = alone(folder);
    const held = Math.max(loading - bare, drawing - bare - activations);
    printRow([
      kind,
      `${(parameters / 1e6).toFixed(0)} M`,
      ...[bytes, bare, loading, drawing, activations, held].map(megabytes),
      ratio(held, bytes),
    ]);
    rmSync(folder, { recursive: true });
  }
}

async function printWhole() {
  const encoder = await writeEncoder();
  printRow([
    'weights',
    'on disk',
    'activations',
    'bare',
    'embedding',
    'left',
    'peak from then on',
    'held',
    'of what is on disk',
  ]);
  const bare = await whole(inProject('tests/fixtures/parity/student'), inProject('tests/fixtures/sd-tiny'), 64);
  for (const kind of flags.weights) {
    const { folder, bytes } = await writePipeline(kind);
    const { activations } = alone(folder);
    const { embedding, left, drawing } = await whole(encoder, folder, size);
    const held = drawing - bare.drawing - activations;
    printRow([
      kind,
      ...[bytes, activations, bare.drawing, embedding, left - bare.left, drawing, held].map(megabytes),
      ratio(held, bytes),
    ]);
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} kind */
async function writePipeline(kind) {
  const [precision, place] = /** @type {[PipelineShape['precision'], PipelineShape['place']]} */ (kind.split('-'));
  const folder = join(scratch, kind);
  return {
    folder,
    ...(await writeRandomPipeline(folder, {
      width: flags.width,
      context: config.hiddenSize,
      precision,
      place,
    })),
  };
}

/** A random text encoder with the tests' tiny tokenizer. */
async function writeEncoder() {
  const folder = join(scratch, 'encoder');
  mkdirSync(folder);
  const { encoder } = randomModel(config, 1);
  const like = inProject('data/tiny/student');
  const files = readdirSync(like)
    .filter((name) => /tok|vocab/.test(name))
    .map((name) => ({ name, bytes: readFileSync(join(like, name)) }));
  await writeModelFolder(folder, {
    parameters: weights(encoder),
    shapes: encoder.shapes,
    config: exportedConfig(configJson(config)),
    files,
  });
  return folder;
}

/**
 * @param {string} folder
 * @returns {PictureMemory}
 */
function alone(folder) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [inProject('scripts/bench/picture.mjs'), JSON.stringify({ folder, size, lowMemory })],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/**
 * Runs the command; returns the peak of resident memory until the UNet is about to load, its value then, and the peak
 * after.
 *
 * @param {string} encoder
 * @param {string} pipeline
 * @param {number} pictureSize
 */
async function whole(encoder, pipeline, pictureSize) {
  const settings = {
    encoder,
    pipeline,
    device: 'cpu',
    steps: 3,
    out: join(scratch, 'pictures'),
    width: pictureSize,
    height: pictureSize,
  };
  const memoryFlag = lowMemory ? ['--low-memory'] : [];
  const child = spawn(process.execPath, [KD, 'generate', '노란색 차', ...flagsOf(settings), ...memoryFlag]);
  passOnSignals(child);
  let [embedding, left, drawing] = [0, NaN, NaN];
  let words = '';
  const resident = () => {
    const held = [child.pid, ...childrenOf(child.pid)].map((pid) => memoryOf(pid)?.resident ?? 0);
    return held.reduce((sum, bytes) => sum + bytes, 0);
  };
  const sampling = setInterval(() => {
    drawing = memoryOf(child.pid)?.peak ?? drawing;
    if (Number.isNaN(left)) embedding = Math.max(embedding, resident());
  }, SAMPLED_EVERY_MS);
  child.stderr.on('data', (text) => {
    words += text;
    if (!Number.isNaN(left) || !words.includes('loading the UNet')) return;
    left = resident();
    resetPeak(child.pid);
  });
  const [code] = await once(child, 'close');
  clearInterval(sampling);
  if (code !== 0) throw new Error(words);
  return { embedding, left, drawing };
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}

/**
 * @param {number} held
 * @param {number} bytes
 */
function ratio(held, bytes) {
  return `${(held / bytes).toFixed(2)} ×`;
}

/** @param {readonly string[]} cells */
function printRow(cells) {
  console.log(`| ${cells.join(' | ')} |`);
  if (cells.includes('weights')) console.log(`|${' --- |'.repeat(cells.length)}`);
}
