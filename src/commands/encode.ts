import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { encoderEngine } from '../engine/encoder.js';
import { loadBackend, BACKENDS, DEVICES, type BackendChoice, type DeviceChoice } from '../engine/tensorflow.js';
import { InputError } from '../errors.js';
import { openPretrained } from '../models/pretrained.js';
import { loadTokenizer, MAX_LENGTH, type Encoding } from '../text/tokenizer.js';
import { createSafetensors } from '../weights/safetensors-writer.js';
import { formatCount, openOutput, type OutputOptions } from './console.js';
import { fetchModel } from './fetch-model.js';
import { count } from './flags.js';
import { addOutputFlags } from './output-flags.js';

interface EncodeFlags extends OutputOptions {
  readonly model: string;
  readonly tokenizer?: string;
  readonly input: string;
  readonly output: string;
  readonly attentionMask: boolean;
  readonly batchSize: number;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

const EXAMPLES = `
Examples:
  $ kd encode --model checkpoints/first/step-00000300 --input texts.txt --output texts.safetensors
  $ echo "노란색 차" | kd encode --model klue/roberta-small --input - --output car.safetensors`;

/** `kd encode` */
export function encodeCommand(): Command {
  const command = new Command('encode')
    .description('texts in, one a line; hidden states, pooled outputs and ids out')
    .requiredOption('--model <id|folder>', 'a CLIP text or RoBERTa model, on the hub or in a folder')
    .option('--tokenizer <id|folder>', 'its tokenizer, when it lies elsewhere')
    .requiredOption('--input <texts.txt|->', 'a UTF-8 file with a text a line; - for standard input')
    .requiredOption('--output <file.safetensors>', `last_hidden_state [N, ${MAX_LENGTH}, D], pooler_output [N, D], input_ids [N, ${MAX_LENGTH}]`)
    .option('--attention-mask', 'attend to the tokens of a text only, not to its padding', false)
    .option('--batch-size <texts>', 'texts at once', count, 32)
    .addOption(new Option('--backend <name>', "TensorFlow's kernels, or JavaScript's").choices(BACKENDS).default('auto'))
    .addOption(new Option('--device <name>', 'the processor').choices(DEVICES).default('auto'))
    .addHelpText('after', EXAMPLES);
  return addOutputFlags(command).action(encode);
}

async function encode(flags: EncodeFlags): Promise<void> {
  const output = openOutput(flags);
  const lines = await readLines(flags.input);
  const model = await openPretrained(await fetchModel(flags.model, '--model', output, ['config', 'weights']), 0);
  const tokenizer = await loadTokenizer(await fetchModel(flags.tokenizer ?? flags.model, '--tokenizer', output, ['tokenizer']));
  const { reason } = await loadBackend(flags.backend, flags.device);
  if (reason !== undefined) output.warn(reason);

  const width = model.encoder.config.hiddenSize;
  const engine = await encoderEngine(model.encoder, model.parameters());
  const file = await createSafetensors(flags.output, [
    { name: 'last_hidden_state', dtype: 'F32', shape: [lines.length, MAX_LENGTH, width] },
    { name: 'pooler_output', dtype: 'F32', shape: [lines.length, width] },
    { name: 'input_ids', dtype: 'I32', shape: [lines.length, MAX_LENGTH] },
  ]);
  const progress = output.progress('encoding', lines.length, 'texts');
  let cut = 0;
  try {
    for (let start = 0; start < lines.length; start += flags.batchSize) {
      const encodings = lines.slice(start, start + flags.batchSize).map((line) => tokenizer.encode(line));
      cut += encodings.filter(({ length }) => length > MAX_LENGTH).length;
      const ids = stackIds(encodings); // [B, L]
      const { lastHiddenState, poolerOutput } = await engine.encode(ids, encodings.length, flags.attentionMask ? maskOf(encodings) : undefined);
      await file.write('last_hidden_state', start * MAX_LENGTH * width, lastHiddenState);
      await file.write('pooler_output', start * width, poolerOutput);
      await file.write('input_ids', start * MAX_LENGTH, ids);
      progress.update(start + encodings.length);
    }
    await file.finish();
  } finally {
    progress.stop();
    await file.discard(); // nothing to discard once finished
    engine.dispose();
  }
  if (cut > 0) output.warn(`${formatCount(cut)} of ${formatCount(lines.length)} texts were over ${MAX_LENGTH} tokens and were cut`);
  output.result(
    `${flags.output}: ${formatCount(lines.length)} texts, last_hidden_state [${lines.length}, ${MAX_LENGTH}, ${width}]`,
    { output: flags.output, texts: lines.length, cut, shape: [lines.length, MAX_LENGTH, width] },
  );
}

/** The lines of a UTF-8 text; a line break at the very end opens no further line. */
async function readLines(input: string): Promise<string[]> {
  const where = input === '-' ? 'standard input' : input;
  const bytes = input === '-' ? Buffer.from(await readAll(process.stdin), 'utf8') : await readTextFile(input);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${where}: expected UTF-8 text, found bytes that are not; save it as UTF-8`);
  }
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new InputError(`${where}: expected a text a line, found nothing`);
  return lines;
}

async function readTextFile(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code;
    throw new InputError(`--input ${path}: expected a text file, got ${code === 'ENOENT' ? 'no such file' : String(code)}`);
  });
}

/** `[B, L]`, row-major. */
function stackIds(encodings: readonly Encoding[]): Int32Array {
  const ids = new Int32Array(encodings.length * MAX_LENGTH);
  for (const [row, encoding] of encodings.entries()) ids.set(encoding.ids, row * MAX_LENGTH);
  return ids;
}

/** 1 for a text's tokens, specials included, 0 for its padding. `[B, L]` */
function maskOf(encodings: readonly Encoding[]): Float32Array {
  const mask = new Float32Array(encodings.length * MAX_LENGTH);
  for (const [row, { length }] of encodings.entries()) mask.fill(1, row * MAX_LENGTH, row * MAX_LENGTH + Math.min(length, MAX_LENGTH));
  return mask;
}
