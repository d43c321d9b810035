import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openWeights } from '../../src/weights/folder.js';
import { failureOf, fileOf, fixture, temporaryFolder } from './support.js';

it.each([
  ['teacher', 'model.safetensors', 53],
  ['variants/student-sharded', 'model.safetensors.index.json', 39],
  ['variants/teacher-bin', 'pytorch_model.bin', 53],
])('opens the weights of %s', async (folder, file, count) => {
  const source = await openWeights(fixture(folder));
  expect(source.location).toBe(fixture(`${folder}/${file}`));
  expect(source.tensors.size).toBe(count);
  await source.close();
});

it('prefers one file to shards, and safetensors to pickles', async () => {
  const folder = await temporaryFolder();
  const add = (from: string, name: string): Promise<void> => copyFile(fixture(from), join(folder, name));
  const opened = async (): Promise<string> => {
    const source = await openWeights(folder);
    await source.close();
    return source.location.slice(folder.length + 1);
  };
  await add('variants/teacher-bin/pytorch_model.bin', 'shard.bin');
  await fileOf(
    folder,
    'pytorch_model.bin.index.json',
    JSON.stringify({ weight_map: { 'text_model.final_layer_norm.bias': 'shard.bin' } }),
  );
  expect(await opened()).toBe('pytorch_model.bin.index.json');
  await add('variants/teacher-bin/pytorch_model.bin', 'pytorch_model.bin');
  expect(await opened()).toBe('pytorch_model.bin');
  for (const name of [
    'model-00001-of-00002.safetensors',
    'model-00002-of-00002.safetensors',
    'model.safetensors.index.json',
  ]) {
    await add(`variants/student-sharded/${name}`, name);
  }
  expect(await opened()).toBe('model.safetensors.index.json');
  await add('student/model.safetensors', 'model.safetensors');
  expect(await opened()).toBe('model.safetensors');
});

it('does not fall back to another file when the first is damaged', async () => {
  const folder = await temporaryFolder();
  await copyFile(fixture('variants/teacher-bin/pytorch_model.bin'), join(folder, 'pytorch_model.bin'));
  await fileOf(folder, 'model.safetensors', 'damaged');
  expect(await failureOf(openWeights(folder))).toMatch(/model\.safetensors: expected a safetensors file/);
});

it('lists what it looked for when a folder has no weights', async () => {
  const folder = join(await temporaryFolder(), 'empty');
  const expected =
    `${folder}: expected a model's weights (model.safetensors, model.safetensors.index.json, ` +
    "pytorch_model.bin, pytorch_model.bin.index.json), found none of them; copy the model's weights there";
  expect(await failureOf(openWeights(folder))).toBe(expected);
  await mkdir(folder);
  expect(await failureOf(openWeights(folder))).toBe(expected);
  await rm(folder, { recursive: true });
});

it.each([
  ['model.fp16.safetensors', 'if it is the whole model, rename model.fp16.safetensors to model.safetensors'],
  [
    'model.fp16-00001-of-00002.safetensors',
    'load it in transformers with AutoModel.from_pretrained("…", variant="fp16") and save it with save_pretrained("…")',
  ],
  [
    'model.safetensors.index.fp16.json',
    'load it in transformers with AutoModel.from_pretrained("…", variant="fp16") and save it with save_pretrained("…")',
  ],
  [
    'model-00001-of-00002.safetensors',
    'load it in transformers with AutoModel.from_pretrained("…") and save it with save_pretrained("…")',
  ],
  ['pytorch_model.fp16.bin', 'rename pytorch_model.fp16.bin to pytorch_model.bin'],
  ['adapter_model.safetensors', 'merge the adapter into its base model with merge_and_unload() of PEFT'],
  [
    'tf_model.h5',
    'load it in transformers 4 with AutoModel.from_pretrained("…", from_tf=True) and save it with save_pretrained("…")',
  ],
  [
    'flax_model.msgpack',
    'load it in transformers 4 with AutoModel.from_pretrained("…", from_flax=True) and save it with ' +
      'save_pretrained("…")',
  ],
  ['model.onnx', 'take the model from which it was converted'],
  ['model-Q4_0.gguf', 'take the model from which it was converted'],
  ['last.ckpt', 'load last.ckpt in PyTorch and save the state dict with safetensors.torch as model.safetensors'],
  ['weights.bin', "if it is the whole model's state dict, rename weights.bin to pytorch_model.bin"],
])('says what to do with a folder that has only %s', async (name, remedy) => {
  const folder = await temporaryFolder();
  await fileOf(folder, name, '');
  await fileOf(folder, 'training_args.bin', '');
  expect((await failureOf(openWeights(folder))).replace(folder, '')).toBe(
    ": expected a model's weights (model.safetensors, model.safetensors.index.json, pytorch_model.bin, " +
      `pytorch_model.bin.index.json), found only ${name}; ${remedy}`,
  );
});
