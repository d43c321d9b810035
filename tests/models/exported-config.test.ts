import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/models/config.js';
import { configJson, exportedConfig } from '../../src/models/exported-config.js';
import { PUBLISHED } from '../../src/models/published.js';
import type { JsonObject } from '../../src/base/json-schema.js';
import { formatStandardJson, parsePythonJson } from '../../src/base/python-json.js';
import { PARITY } from '../fixtures/index.js';

const read = (folder: string): JsonObject =>
  JSON.parse(readFileSync(join(PARITY, folder, 'config.json'), 'utf8')) as JsonObject;

describe('an exported configuration', () => {
  it.each([
    ['teacher', 'CLIPTextModel', 'clip_text_model'],
    ['variants/teacher-inside-full-clip', 'CLIPTextModel', 'clip_text_model'],
    ['student', 'RobertaModel', 'roberta'],
    ['variants/student-masked-lm-bin', 'RobertaModel', 'roberta'],
    ['variants/student-bert', 'BertModel', 'bert'],
  ])('of %s equals that of a %s alone', (folder, architecture, modelType) => {
    const exported = JSON.parse(exportedConfig(read(folder))) as JsonObject;
    expect(exported.architectures).toEqual([architecture]);
    expect(exported.model_type).toBe(modelType);
    expect(exported.vision_config).toBeUndefined();
    expect(parseConfig(exported, 'exported')).toEqual(parseConfig(read(folder), folder));
  });

  it.each([{ dtype: 'float16' }, { torch_dtype: 'bfloat16' }, { dtype: null, torch_dtype: 'float16' }, {}])(
    'says float32 of weights whose original was %j, and nothing of how that was stored',
    (type) => {
      const quantization = { quantization_config: { quant_method: 'bitsandbytes', load_in_8bit: true } };
      const exported = JSON.parse(exportedConfig({ model_type: 'bert', ...type, ...quantization })) as JsonObject;
      expect(exported).toMatchObject({ dtype: 'float32', torch_dtype: 'float32' });
      expect(exported).not.toHaveProperty('quantization_config');
    },
  );

  it('writes whole floating-point numbers as such, and integers as such', () => {
    const text = exportedConfig({
      model_type: 'roberta',
      initializer_factor: 1,
      hidden_dropout_prob: 0,
      hidden_size: 48,
      classifier_dropout: null,
    });
    expect(text).toContain('"initializer_factor": 1.0,');
    expect(text).toContain('"hidden_dropout_prob": 0.0,');
    expect(text).toContain('"hidden_size": 48,');
    expect(text).toContain('"classifier_dropout": null,');
  });

  it('keeps numbers that JSON lacks, as Python writes them; other programs get null', () => {
    const json = {
      model_type: 'roberta',
      a: Infinity,
      b: [-Infinity, { c: NaN }],
      d: 'Infinity',
      initializer_range: 1,
    };
    const text = exportedConfig(json);
    expect(text).toMatch(/"a": Infinity,.*-Infinity,.*"c": NaN\n.*"d": "Infinity",.*"initializer_range": 1\.0,/s);
    expect(parsePythonJson(text)).toMatchObject(json);
    expect(JSON.parse(exportedConfig(json, formatStandardJson))).toMatchObject({ a: null, b: [null, { c: null }] });
  });

  it.each(Object.keys(PUBLISHED))('of %s can be read back', (id) => {
    const config = PUBLISHED[id]();
    expect(parseConfig(JSON.parse(exportedConfig(configJson(config))), id)).toEqual(config);
  });
});
