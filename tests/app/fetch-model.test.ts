import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openOutput } from '../../src/app/output.js';
import { fetchModel } from '../../src/app/fetch-model.js';
import { openEncoder } from '../../src/app/open-encoder.js';
import { temporaryFolder } from '../cli.js';
import { askHub, startFakeHub, type FakeHub } from '../weights/fake-hub.js';

let hub: FakeHub;
beforeEach(async () => {
  hub = await startFakeHub();
  askHub(hub, temporaryFolder());
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

it.each(['distilbert', 't5', 'clip_vision_model'])(
  'a model of the family %s is refused before its weights are fetched',
  async (family) => {
    hub.models.set(
      'them/other',
      new Map([
        ['config.json', Buffer.from(JSON.stringify({ model_type: family }))],
        ['model.safetensors', Buffer.alloc(60_000)],
      ]),
    );
    const fetched = fetchModel('them/other', '--student', openOutput({ quiet: true }), ['config', 'weights']);
    await expect(fetched).rejects.toThrow(
      'config.json: expected a CLIP text model, a BERT or a RoBERTa (model_type clip, clip_text_model, bert, ' +
        `roberta, xlm-roberta, camembert), got "${family}"; choose a model of one of these families`,
    );
    expect(hub.ranges.map(({ path }) => path)).toEqual(['config.json']);
  },
);

it('a tokenizer that cannot be read is refused before the weights are fetched', async () => {
  const ofTiny = (name: string): Buffer => readFileSync(join('data/tiny/student', name));
  const other = Buffer.from(JSON.stringify({ model: { type: 'Neural' } }));
  hub.models.set(
    'them/other',
    new Map([
      ['config.json', ofTiny('config.json')],
      ['model.safetensors', ofTiny('model.safetensors')],
      ['tokenizer.json', other],
      ['tokenizer_config.json', ofTiny('tokenizer_config.json')],
    ]),
  );
  await expect(openEncoder({ name: 'them/other', flag: '--model' }, openOutput({ quiet: true }))).rejects.toThrow(
    /tokenizer\.json: expected .*, got Neural/,
  );
  expect(new Set(hub.ranges.map(({ path }) => path))).toEqual(
    new Set(['config.json', 'tokenizer.json', 'tokenizer_config.json']),
  );
});
