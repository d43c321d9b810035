import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { cp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseConfig, readConfig } from '../../src/models/config.js';
import { openPretrained } from '../../src/models/pretrained.js';
import { failureOf, fixture, temporaryFolder } from '../weights/support.js';
import { countCpuTime } from '../cpu-time.js';

let folder: string;
beforeEach(async () => {
  folder = join(await temporaryFolder(), 'model');
  await cp(fixture('student'), folder, { recursive: true });
});

/** What is said of the model, which has to be said at once. */
async function refusal(): Promise<string> {
  const computed = countCpuTime();
  const failure = (await failureOf(openPretrained(folder, 0))).replaceAll(folder, 'model');
  expect(computed()).toBeLessThan(2000);
  return failure;
}

async function replaceWithPipe(name: string): Promise<void> {
  await rm(join(folder, name), { force: true });
  execFileSync('mkfifo', [join(folder, name)]);
}

describe('a configuration', () => {
  const text_config = { hidden_size: 32, num_attention_heads: 4, layer_norm_eps: 0.5 };

  it.each([
    ['num_hidden_layers', 1e6, 'a whole number from 1 to 1000'],
    ['hidden_size', 1e9, 'a whole number from 1 to 1000000'],
    ['hidden_size', -32, 'a whole number from 1 to 1000000'],
    ['hidden_size', 32.5, 'a whole number from 1 to 1000000'],
    ['vocab_size', 1e300, 'a whole number from 1 to 10000000'],
    ['num_attention_heads', 0, 'a whole number from 1 to 10000000'],
    ['layer_norm_eps', 'x'.repeat(1000), 'a number above 0'],
    ['hidden_act', ['gelu'], 'one of gelu, quick_gelu'],
    ['is_decoder', true, 'false or no value'],
  ])('%s %j', (key, value, expected) => {
    let failure = '';
    try {
      parseConfig({ model_type: 'bert', [key]: value }, 'config.json');
    } catch (error) {
      failure = (error as Error).message;
    }
    expect(failure).toContain(`config.json: expected ${expected}`);
    expect(failure).toContain(` (${key}); `);
    expect(failure.length).toBeLessThan(300);
  });

  it.each([
    ['roberta', 50265],
    ['xlm-roberta', 30522],
    ['camembert', 30522],
    ['bert', 30522],
  ])("of %s without a vocab_size has transformers' default, %d", (model_type, size) => {
    expect(parseConfig({ model_type }, 'c').vocabSize).toBe(size);
  });

  it.each([
    ['text_config', { text_config, text_config_dict: { hidden_size: 64 } }, { hiddenSize: 32, layerNormEps: 0.5 }],
    ['an empty text_config', { text_config: {}, text_config_dict: { hidden_size: 64 } }, { hiddenSize: 512 }],
    ['text_config_dict', { text_config_dict: text_config }, { hiddenSize: 32, layerNormEps: 0.5 }],
    ['text_config_dict', { text_config: null, text_config_dict: text_config }, { hiddenSize: 32 }],
  ])("of a whole CLIP is its %s, as for transformers' CLIPTextModel, if %j", (_, parts, expected) => {
    expect(parseConfig({ model_type: 'clip', ...parts }, 'c')).toMatchObject(expected);
  });

  // CLIPTextConfig of transformers 5.24
  it.each([
    ['text_config', { hidden_size: 64, num_attention_heads: 4, text_config }, { hiddenSize: 32, layerNormEps: 0.5 }],
    ['own top level', { hidden_size: 64, num_attention_heads: 4, text_config_dict: text_config }, { hiddenSize: 64 }],
  ])("of a CLIP text model is its %s, as for transformers' CLIPTextModel, if %j", (_, parts, expected) => {
    expect(parseConfig({ model_type: 'clip_text_model', ...parts }, 'c')).toMatchObject(expected);
  });

  it.each([
    [{ is_decoder: true }, 'choose an encoder, which reads texts in both directions'],
    [{ position_embedding_type: 'relative_key' }, 'choose a model with absolute positions'],
  ])('of a BERT that computes something else, %j, says which model to choose', (what, remedy) => {
    for (const model_type of ['bert', 'roberta'])
      expect(() => parseConfig({ model_type, ...what }, 'c')).toThrow(new RegExp(`^c: expected .*; ${remedy}$`));
  });

  it('that is missing names the text encoder of a pipeline', async () => {
    const pipeline = await temporaryFolder();
    for (const name of ['text_encoder', 'safety_checker']) await cp(folder, join(pipeline, name), { recursive: true });
    expect(await failureOf(readConfig(pipeline))).toMatch(/; give a model's folder, such as .*\/text_encoder$/);
  });

  it.each(['text_config', 'text_config_dict'])('of a whole CLIP whose %s is no object', (part) => {
    expect(() => parseConfig({ model_type: 'clip', [part]: [1] }, 'c')).toThrow(
      new RegExp(`^c: expected an object, got a list of 1 \\(${part}\\); use a model as it was published`),
    );
  });

  it('of a RoBERTa without a pad token, from whose id positions are counted; a BERT needs none', () => {
    expect(() => parseConfig({ model_type: 'roberta', pad_token_id: null }, 'c')).toThrow(
      'c: expected a whole number from 0 to 10000000, got null (pad_token_id); ',
    );
    expect(parseConfig({ model_type: 'bert', pad_token_id: null }, 'c')).toMatchObject({ padTokenId: 0 });
  });

  it('whose heads do not divide its width', () => {
    expect(() => parseConfig({ model_type: 'bert', hidden_size: 32, num_attention_heads: 5 }, 'c')).toThrow(
      'c: expected hidden_size to be a multiple of num_attention_heads, got 32 and 5',
    );
  });

  it('of more parameters than a text encoder can have', () => {
    const huge = { model_type: 'bert', hidden_size: 1e6, num_attention_heads: 1 };
    expect(() => parseConfig(huge, 'c')).toThrow(
      'c: expected sizes of a text encoder, with at most 20000000000 parameters, got 4.81e+13: hidden_size 1000000',
    );
  });

  it.each([
    { num_hidden_layers: 1000 },
    { vocab_size: 9_999_999 },
    { vocab_size: 7 },
    { max_position_embeddings: 9_999_999 },
    { intermediate_size: 7 },
  ])('that does not match the weights beside it: %j', async (claim) => {
    const { json } = await readConfig(folder);
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...json, ...claim }));
    expect(await refusal()).toMatch(
      /^model\/model\.safetensors: \S+: expected \[.*\], found .*; the weights are of another model or size/,
    );
  });

  it.each([
    ['[['.repeat(500_000), 'expected JSON of at most 127 levels, got more'],
    [`${'{"a":'.repeat(128)}1${'}'.repeat(128)}`, 'expected JSON of at most 127 levels, got more'],
    ['['.repeat(50), 'expected JSON, got '],
    [' '.repeat(100_000_000), 'expected at most 10,000,000 bytes, found 100,000,000'],
    ['"text"', 'expected an object, got "text"'],
    ['', 'expected JSON, got '],
  ])('that is invalid (%#)', async (text, expected) => {
    await writeFile(join(folder, 'config.json'), text);
    expect(await refusal()).toContain(`model/config.json: ${expected}`);
  });
});

describe('a path that is not a file', () => {
  it.each(['config.json', 'model.safetensors', 'projection.safetensors'])('a pipe named %s', async (name) => {
    await replaceWithPipe(name);
    expect(await refusal()).toBe(`model/${name}: expected a file, found a named pipe`);
  });

  it.each(['model.safetensors.index.json', 'pytorch_model.bin', 'pytorch_model.bin.index.json'])(
    'a pipe named %s, as the only weights',
    async (name) => {
      await rm(join(folder, 'model.safetensors'));
      await replaceWithPipe(name);
      expect(await refusal()).toBe(`model/${name}: expected a file, found a named pipe`);
    },
  );

  it.each(['config.json', 'model.safetensors'])('a device named %s', async (name) => {
    await rm(join(folder, name));
    await symlink('/dev/zero', join(folder, name));
    expect(await refusal()).toBe(`model/${name}: expected a file, found a socket or a device`);
  });

  it.each(['config.json', 'model.safetensors'])('a socket named %s', async (name) => {
    await rm(join(folder, name));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, name), resolve));
    expect(await refusal()).toBe(`model/${name}: expected a file, found a socket or a device`);
    server.close();
  });

  it.each(['config.json', 'model.safetensors', 'projection.safetensors'])('a link to itself named %s', async (name) => {
    await rm(join(folder, name), { force: true });
    await symlink(name, join(folder, name));
    expect(await refusal()).toMatch(
      name === 'config.json' ? /^model\/config\.json: expected the model's configuration, got / : /: cannot be read: /,
    );
  });

  it('a shard that is a pipe, a link to itself, or missing', async () => {
    await rm(join(folder, 'model.safetensors'));
    await writeFile(join(folder, 'model.safetensors.index.json'), '{"weight_map": {"a": "shard"}}');
    expect(await refusal()).toContain('expected the shard shard beside it, found no such file');
    await symlink('shard', join(folder, 'shard'));
    expect(await refusal()).toMatch(/^model\/shard: cannot be read: /);
    await replaceWithPipe('shard');
    expect(await refusal()).toBe('model/shard: expected a file, found a named pipe');
  });

  it.each(['../x', '/etc/passwd', 'a/b', '..', 'a\\b', 'a\0b', 7, null])('a shard named %j', async (shard) => {
    await rm(join(folder, 'model.safetensors'));
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: { a: shard } }));
    expect(await refusal()).toContain(
      'model/model.safetensors.index.json: expected the name of a file beside the index, got ',
    );
  });
});
