import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { readIfThere } from '../base/files.js';
import { listOf, object, text } from '../base/json-schema.js';
import { soundJson } from '../base/parse-json.js';
import { MODULES_FILE } from '../weights/model-parts.js';

const MODULES = listOf(object({ type: text, path: v.nullish(text) }));

/** Modules without parameters of their own, or whose parameters are the model's. */
const WITHOUT_WEIGHTS = ['Transformer', 'BERT', 'RoBERTa', 'Pooling', 'Normalize', 'Dropout'];

/**
 * The folders of modules with weights of their own that sentence-transformers applies to a model's outputs, as its
 * `modules.json` lists them: `2_Dense`. Empty for other models.
 */
export async function sentenceModules(folder: string): Promise<string[]> {
  const root = /^0_\w+$/.test(basename(folder)) ? dirname(folder) : folder; // as in src/weights/inner-folder.ts
  const json = await readIfThere(join(root, MODULES_FILE)).catch(() => undefined);
  const modules = json === undefined ? [] : (soundJson(MODULES, json) ?? []);
  return modules.flatMap(({ type, path }) => {
    const name = type.slice(type.lastIndexOf('.') + 1);
    return WITHOUT_WEIGHTS.includes(name) ? [] : [path ?? name];
  });
}
