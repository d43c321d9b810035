/**
 * @file The configuration with which sentence-transformers computes the mean of a student's hidden states.
 *
 * By default it pads to the longest text of a batch and passes an attention mask, but a student is trained on 77 tokens
 * without one, attending to padding. So texts are padded to 77 (`processing_kwargs`, from version 6 on), and the
 * tokenizer returns only ids and no mask. The mean is then over all positions, and no text's vector depends on other
 * texts.
 */
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.js';
import { makeFolders } from '../base/folders.js';
import { indentedJson } from '../base/indented-json.js';
import { isProjection } from '../models/projection.js';
import type { TextEncoder } from '../models/text-encoder.js';
import { MAX_LENGTH } from '../text/max-length.js';
import { PROJECTION_FILE } from '../weights/folder.js';
import { openSafetensors } from '../weights/safetensors.js';
import { writeSafetensors } from '../weights/safetensors-writer.js';

const MODULES = 'sentence_transformers.models';

/** Writes the configuration into a folder in transformers' layout. */
export async function writeSentenceTransformers(folder: string, { config, width, shapes }: TextEncoder): Promise<void> {
  const isProjected = Object.keys(shapes).some(isProjection);
  const modules = ['Transformer', 'Pooling', ...(isProjected ? ['Dense'] : [])];
  const pathOf = (index: number): string => (index === 0 ? '' : `${index}_${modules[index]}`);
  for (const index of modules.keys()) await makeFolders(join(folder, pathOf(index)));
  const write = (name: string, json: object): Promise<void> => writeFileAtomic(join(folder, name), indentedJson(json));
  await write(
    'modules.json',
    modules.map((name, idx) => ({ idx, name: String(idx), path: pathOf(idx), type: `${MODULES}.${name}` })),
  );
  await write('sentence_bert_config.json', {
    max_seq_length: MAX_LENGTH,
    do_lower_case: false,
    processing_kwargs: { text: { padding: 'max_length', max_length: MAX_LENGTH, truncation: true } },
    unpad_inputs: false,
  });
  await write('config_sentence_transformers.json', {
    prompts: {},
    default_prompt_name: null,
    similarity_fn_name: 'cosine',
  });
  await write(join(pathOf(1), 'config.json'), {
    word_embedding_dimension: config.hiddenSize,
    pooling_mode_cls_token: false,
    pooling_mode_mean_tokens: true,
    pooling_mode_max_tokens: false,
    pooling_mode_mean_sqrt_len_tokens: false,
  });
  if (!isProjected) return;
  await write(join(pathOf(2), 'config.json'), {
    in_features: config.hiddenSize,
    out_features: width,
    bias: true,
    activation_function: 'torch.nn.modules.linear.Identity',
  });
  await copyProjection(join(folder, PROJECTION_FILE), join(folder, pathOf(2), 'model.safetensors'));
}

/** Copies the projection as a last module: the projection of the mean is the mean of the projections. */
async function copyProjection(from: string, to: string): Promise<void> {
  const file = await openSafetensors(from);
  try {
    const tensors = [];
    for (const [name, { shape }] of file.tensors)
      tensors.push({ name: `linear.${name}`, dtype: 'F32' as const, shape, values: await file.read(name) });
    await writeSafetensors(to, tensors);
  } finally {
    await file.close();
  }
}
