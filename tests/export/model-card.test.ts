import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { modelCard } from '../../src/export/model-card.js';
import { type CardContents } from '../../src/export/card-contents.js';
import type { TrainingRecord } from '../../src/export/training-record.js';
import { codeSpan, escapeMarkdown } from '../../src/base/markdown.js';
import { openPretrained } from '../../src/models/pretrained.js';
import { originOf } from '../../src/weights/origin.js';
import { temporaryFolder } from '../cli.js';
import { STUDENT } from '../commands/tiny.js';

it('a model is described as it was when opened: from the hub or a folder', async () => {
  const home = process.cwd();
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'models/mine'), { recursive: true });
  process.chdir(folder);
  try {
    expect(await originOf('models/mine')).toEqual({ folder: join(process.cwd(), 'models/mine') });
    expect(await originOf('owner/name@v1')).toEqual({ hub: 'owner/name', revision: 'v1' });
    expect(await originOf('owner/name')).toEqual({ hub: 'owner/name', revision: 'main' });
  } finally {
    process.chdir(home);
  }
});

it('a card credits only models of the hub, and no data set', async () => {
  const { encoder } = await openPretrained(STUDENT, 0);
  const training = {
    run: 'a`b',
    step: 3,
    validations: [],
    config: {
      created: '2026-01-01',
      settings: { data: ['data/sample', 'a|b`c'], loss: 'hidden', note: 'x|y<z>' },
      data: { training_pairs: 1, validation_pairs: 1, fingerprint: 'f' },
    },
  } as unknown as TrainingRecord;
  const card = modelCard({
    name: 'n',
    format: 'transformers',
    encoder,
    architecture: 'RobertaModel',
    tokenizer: 'BertTokenizerFast',
    exported: { source: 'run', origin: { folder: '/run' } },
    training,
    teacher: { source: 'openai/clip@x', origin: { hub: 'openai/clip', revision: 'x' } },
    student: { source: 'models/mine', origin: { folder: '/models/mine' } },
  } satisfies CardContents);
  expect(card).toContain('base_model:\n- "openai/clip"\ntags');
  expect(card).toContain('[openai/clip@x](https://huggingface.co/openai/clip)');
  expect(card).toContain('The weights started as those of `models/mine`');
  expect(card).toContain('from `data/sample`, ``a\\|b`c``.');
  expect(card).toContain('| note | `x\\|y<z>` |');
  expect(card).toContain('Run ``a`b``, started');
  expect(card).not.toContain('datasets');
});

it('texts are escaped for Markdown', () => {
  expect(escapeMarkdown('<b> [a](b) `c` | *d*\n# e')).toBe('\\<b\\> \\[a\\](b) \\`c\\` \\| \\*d\\* \\# e');
  expect([codeSpan('a'), codeSpan('`a``b'), codeSpan('')]).toEqual(['`a`', '``` `a``b ```', '']);
});
