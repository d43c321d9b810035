/** @file The three formats: what each writes, and how it is reopened and compared with the model. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { encoderEngine } from '../engine/encoder.js';
import type { Encoded } from '../engine/encoder-engine.js';
import { InputError } from '../base/errors.js';
import { writeFileAtomic } from '../base/files.js';
import { makeFolders } from '../base/folders.js';
import { exportedConfig } from '../models/exported-config.js';
import { writeModelFolder } from '../models/model-folder.js';
import { formatPythonJson, formatStandardJson } from '../base/python-json.js';
import { openPretrained, type PretrainedModel } from '../models/pretrained.js';
import { isProjection } from '../models/projection.js';
import type { TextEncoder } from '../models/text-encoder.js';
import { loadTokenizer } from '../text/tokenizer.js';
import { compareOutputs, referenceIds, toleranceOf, type Reference } from './check.js';
import type { Format } from './format.js';
import { writeOnnx } from './onnx/model-file.js';
import { encodeWithOnnxRuntime } from './onnx/runtime.js';
import { writeSentenceTransformers } from './sentence-transformers.js';
import { writeTokenizerFiles } from './tokenizer-files.js';

/** A model and the folder of its tokenizer. */
export interface ModelToExport {
  readonly model: PretrainedModel;
  readonly tokenizerFolder: string;
}

/** Where the parts of a format are in its folder. */
export const LAYOUT: Readonly<Record<Format, { readonly model: string; readonly tokenizer: string }>> = {
  transformers: { model: '.', tokenizer: '.' },
  diffusers: { model: 'text_encoder', tokenizer: 'tokenizer' },
  onnx: { model: '.', tokenizer: '.' },
};

/** The model's path in the ONNX format, where `@xenova/transformers` looks for it. */
const ONNX_FILE = join('onnx', 'model.onnx');

/**
 * Checks that a format can represent a model.
 *
 * @throws InputError for a projection in the diffusers format, whose pipelines cannot have one
 */
export function checkFormat(format: Format, { encoder }: PretrainedModel): void {
  if (format !== 'diffusers' || !Object.keys(encoder.shapes).some(isProjection)) return;
  throw new InputError(
    '--format diffusers: expected a student as wide as its teacher, got one with a projection, for which a ' +
      'diffusers pipeline has no place (and which cannot be folded into the LayerNorm before it); export it as ' +
      "onnx or transformers, or train a student of the teacher's width",
  );
}

/** Writes a model in a format. */
export async function writeFormat(
  folder: string,
  format: Format,
  { model, tokenizerFolder }: ModelToExport,
): Promise<void> {
  const layout = LAYOUT[format];
  for (const part of [layout.model, layout.tokenizer]) await makeFolders(join(folder, part));
  const json = format === 'onnx' ? formatStandardJson : formatPythonJson; // standard JSON for JavaScript
  const config = exportedConfig(model.configJson, json);
  if (format === 'onnx') {
    await mkdir(join(folder, 'onnx'));
    await writeOnnx(join(folder, ONNX_FILE), model);
    await writeFileAtomic(join(folder, 'config.json'), config);
  } else {
    await writeModelFolder(join(folder, layout.model), {
      parameters: model.parameters(),
      shapes: model.encoder.shapes,
      config,
      files: [],
    });
  }
  if (format === 'transformers') await writeSentenceTransformers(folder, model.encoder);
  await writeTokenizerFiles(tokenizerFolder, join(folder, layout.tokenizer), { plainMerges: format === 'onnx', json });
}

/**
 * Opens what was written and compares ids and outputs with the model's.
 *
 * @returns the largest difference between the outputs
 * @throws Error if the export is not the same model
 */
export async function checkFormatWritten(
  folder: string,
  format: Format,
  encoder: TextEncoder,
  reference: Reference,
): Promise<number> {
  const layout = LAYOUT[format];
  const ids = referenceIds(await loadTokenizer(join(folder, layout.tokenizer)));
  if (ids.some((id, place) => id !== reference.ids[place]))
    throw new Error("the exported tokenizer gives other ids than the model's");
  const outputs =
    format === 'onnx'
      ? await encodeWithOnnxRuntime(join(folder, ONNX_FILE), ids, reference.size)
      : await encodeWithOwnEngine(join(folder, layout.model), ids, reference.size);
  return compareOutputs(reference.outputs, outputs, toleranceOf(encoder));
}

async function encodeWithOwnEngine(folder: string, ids: Int32Array, batch: number): Promise<Encoded> {
  const model = await openPretrained(folder, 0);
  if (model.fresh.length > 0) throw new Error(`the export lacks ${model.fresh.join(', ')}`);
  const engine = await encoderEngine(model.encoder, model.parameters());
  try {
    return await engine.encode(ids, batch);
  } finally {
    engine.dispose();
  }
}
