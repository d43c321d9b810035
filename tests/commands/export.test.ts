import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { randomNormal } from '../../src/base/philox.js';
import { checkExportFolder } from '../../src/export/export-folder.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { writeSafetensors } from '../../src/weights/safetensors-writer.js';
import { KD, temporaryFolder, type CliResult } from '../cli.js';
import { largestDifference, PARITY } from '../fixtures/index.js';
import { apart } from '../float64/model-bounds.js';
import { kdHere } from '../in-process.js';
import { BACKEND, readJson, STUDENT, TEACHER } from './tiny.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TEXTS = ['', '노란색 차', 'A cat sleeps on the sofa. 고양이가 소파에서 잔다.'];
const FORMATS = ['transformers', 'diffusers', 'onnx'] as const;

/** Starts a command with mounts of its own. */
const IN_NEW_MOUNTS = ['unshare', '--mount'] as const;
const canMount = (): boolean =>
  spawnSync(IN_NEW_MOUNTS[0], [...IN_NEW_MOUNTS.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

/** Width of the models, and of the one with a projection. */
const WIDTHS = { roberta: 48, bert: 48, clip: 48, projected: 64 } as const;
const MODELS = Object.keys(WIDTHS) as (keyof typeof WIDTHS)[];

/** A folder with the models, and what `kd encode` gives for the texts by each as `<model>.safetensors`. */
let cwd: string;
beforeAll(async () => {
  cwd = temporaryFolder();
  cpSync(TEACHER, join(cwd, 'clip'), { recursive: true });
  for (const name of ['roberta', 'bert', 'projected']) cpSync(STUDENT, join(cwd, name), { recursive: true });
  for (const name of ['config.json', 'model.safetensors'])
    cpSync(join(PARITY, 'variants/student-bert', name), join(cwd, 'bert', name));
  await writeSafetensors(join(cwd, 'projected/projection.safetensors'), [
    { name: 'weight', dtype: 'F32', shape: [64, 48], values: randomNormal(64 * 48, 0.2, [1, 2]) },
    { name: 'bias', dtype: 'F32', shape: [64], values: randomNormal(64, 0.5, [3, 4]) },
  ]);
  writeFileSync(join(cwd, 'texts.txt'), `${TEXTS.join('\n')}\n`);
  for (const model of MODELS) {
    const { code, stderr } = await kdHere(
      [
        'encode',
        '--model',
        `./${model}`,
        '--input',
        'texts.txt',
        '--output',
        `${model}.safetensors`,
        '--backend',
        BACKEND,
      ],
      { cwd },
    );
    expect(code, stderr).toBe(0);
  }
});

function exportTo(to: string, model: string, format: string, flags: readonly string[] = []): Promise<CliResult> {
  return kdHere(['export', `./${model}`, '--to', to, '--format', format, '--backend', BACKEND, ...flags], { cwd });
}

async function exported(model: string, format: (typeof FORMATS)[number]): Promise<number> {
  const { code, stdout, stderr } = await exportTo(`${model}-${format}`, model, format, ['--json']);
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as { largest_difference: number }).largest_difference;
}

/**
 * `@xenova/transformers` 2.17 is installed with ONNX Runtime 1.14 when installed by itself; here without one, since kd
 * only uses its tokenizers.
 */
const OWN_RUNTIME =
  `export const resolve = (name, context, next) => next(name === 'onnxruntime-node' ? ` +
  `'onnxruntime-node-1.14' : name, context);`;
const HOOK =
  `import { register } from 'node:module'; register('data:text/javascript,' + ` +
  `encodeURIComponent(${JSON.stringify(OWN_RUNTIME)}));`;

/** What `@xenova/transformers` gives by the lines that the model cards of exports show, in one process for all. */
function runInTransformersJs(exports: readonly string[]): { dims: number[]; values: number[] }[] {
  symlinkSync(join(ROOT, 'node_modules'), join(cwd, 'node_modules'));
  for (const name of exports) {
    const code = /```js\n([^]*?)```/
      .exec(readFileSync(join(cwd, name, 'README.md'), 'utf8'))![1]
      .replace(/\['노란색 차', 'a yellow car'\]/, JSON.stringify(TEXTS));
    writeFileSync(
      join(cwd, `${name}.mjs`),
      `${code}\nconsole.log(JSON.stringify({ dims: last_hidden_state.dims, values: [...last_hidden_state.data] }));`,
    );
  }
  writeFileSync(join(cwd, 'all.mjs'), exports.map((name) => `await import('./${name}.mjs');`).join('\n'));
  writeFileSync(join(cwd, 'hook.mjs'), HOOK);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', './hook.mjs', 'all.mjs'], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  expect(status, stderr).toBe(0);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { dims: number[]; values: number[] });
}

const PYTHON = process.env.KD_PYTHON ?? 'python3';
const hasPython =
  spawnSync(PYTHON, [
    '-c',
    'import importlib.util as u; assert all(map(u.find_spec, ["torch", "transformers", "diffusers", "onnx", ' +
      '"onnxruntime", "safetensors"]))',
  ]).status === 0;

const hasSentenceTransformers = spawnSync(PYTHON, ['-c', 'import sentence_transformers']).status === 0;

/** How far apart float32 may be: a model's hidden states and pooled outputs, and the means that `sentences` gives. */
async function boundsOf(model: string): Promise<{ readonly outputs: number; readonly sentences: number }> {
  const encoded = await openSafetensors(join(cwd, `${model}.safetensors`));
  const ids = await encoded.readInt32('input_ids');
  await encoded.close();
  const { lastHiddenState, poolerOutput, mean } = await apart(join(cwd, model), ids.slice(-77));
  return { outputs: Math.max(lastHiddenState, poolerOutput), sentences: mean };
}

describe('kd export', () => {
  it(
    'writes ONNX that @xenova/transformers runs as the model card says: RoBERTa, BERT, CLIP, and one with a ' +
      'projection',
    async () => {
      for (const model of MODELS) expect(await exported(model, 'onnx')).toBeLessThan((await boundsOf(model)).outputs);
      const outputs = runInTransformersJs(MODELS.map((model) => `${model}-onnx`));
      for (const [i, model] of MODELS.entries()) {
        const own = await openSafetensors(join(cwd, `${model}.safetensors`));
        expect(outputs[i].dims).toEqual([3, 77, WIDTHS[model]]);
        const difference = largestDifference(outputs[i].values, await own.read('last_hidden_state'));
        expect(difference, model).toBeLessThan((await boundsOf(model)).outputs);
        await own.close();
      }
    },
  );

  it('writes the layouts of transformers and diffusers, each replacing the other', async () => {
    for (const [format, names, tokenizerIn] of [
      ['transformers', ['config.json', 'model.safetensors', 'tokenizer.json'], '.'],
      ['diffusers', ['text_encoder', 'tokenizer'], 'tokenizer'],
    ] as const) {
      const { code, stderr } = await exportTo('again', 'roberta', format);
      expect(code, stderr).toBe(0);
      expect(readdirSync(join(cwd, 'again'))).toEqual(
        expect.arrayContaining([...names, 'README.md', 'kd-export.json']),
      );
      const tokenizer = readJson<Record<string, unknown>>(join(cwd, 'again', tokenizerIn, 'tokenizer_config.json'));
      expect([tokenizer.model_max_length, tokenizer.model_input_names]).toEqual([77, ['input_ids']]);
    }
    expect(existsSync(join(cwd, 'again/model.safetensors'))).toBe(false);
    expect(readdirSync(cwd).filter((name) => /\.(tmp|old)$/.test(name))).toEqual([]);
  });

  it('keeps numbers that JSON lacks, for Python', async () => {
    cpSync(STUDENT, join(cwd, 'infinite'), { recursive: true });
    for (const name of ['config.json', 'tokenizer_config.json']) {
      const path = join(cwd, 'infinite', name);
      writeFileSync(path, readFileSync(path, 'utf8').replace('{', '{"least": -Infinity, "none": NaN,'));
    }
    for (const format of ['transformers', 'onnx'] as const) {
      const { code, stderr } = await exportTo(`infinite-${format}`, 'infinite', format);
      expect(code, stderr).toBe(0);
      for (const name of ['config.json', 'tokenizer_config.json']) {
        const text = readFileSync(join(cwd, `infinite-${format}`, name), 'utf8');
        if (format === 'transformers') expect(text).toMatch(/"least": -Infinity,\n {2}"none": NaN,/);
        else expect(JSON.parse(text)).toMatchObject({ least: null, none: null });
      }
    }
  });

  it('keeps a projection for transformers, but cannot for diffusers', async () => {
    expect(await exported('projected', 'transformers')).toBeLessThan((await boundsOf('projected')).outputs);
    expect(readdirSync(join(cwd, 'projected-transformers'))).toContain('projection.safetensors');
    const { code, stderr } = await exportTo('projected-diffusers', 'projected', 'diffusers');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: --format diffusers: expected a student as wide as its teacher, got one with a projection, [^\n]+\n$/,
    );
    expect(existsSync(join(cwd, 'projected-diffusers'))).toBe(false);
  });

  it.skipIf(!hasPython)(
    `is what Python's transformers, diffusers and ONNX Runtime open as the model cards ` +
      `say${hasPython ? '' : ' (no Python with torch, transformers, diffusers, onnx, onnxruntime and safetensors; KD_PYTHON names one)'}`,
    async () => {
      const made: string[] = [];
      for (const model of MODELS) {
        for (const format of FORMATS) {
          if (model === 'projected' && format === 'diffusers') continue;
          await exported(model, format);
          made.push(`${model}-${format}`);
        }
      }
      const script = fileURLToPath(new URL('../fixtures/compare_exports.py', import.meta.url));
      const { status, stdout, stderr } = spawnSync(PYTHON, [script, cwd], {
        encoding: 'utf8',
        env: { ...process.env, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '' },
      });
      expect(status, stderr).toBe(0);
      const differences = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Record<string, number>;
      const sentences = Object.keys(differences).filter((name) => name.endsWith('-sentences'));
      if (hasSentenceTransformers) expect(sentences).toHaveLength(MODELS.length);
      expect(Object.keys(differences).sort()).toEqual([...made, ...sentences].sort());
      for (const [name, difference] of Object.entries(differences)) {
        const [model, tool] = name.split('-');
        const { outputs, sentences: means } = await boundsOf(model);
        expect(difference, name).toBeLessThan(tool === 'sentences' ? means : outputs);
      }
    },
    300_000,
  );

  it('has a card that names concrete classes, credits no folder as a model, and escapes names', async () => {
    const name = 'a`b<i>|[x]: "#';
    cpSync(STUDENT, join(cwd, 'owner/model'), { recursive: true });
    const { code, stderr } = await exportTo(name, 'owner/model', 'diffusers');
    expect(code, stderr).toBe(0);
    const card = readFileSync(join(cwd, name, 'README.md'), 'utf8');
    expect(card).toContain('`"tokenizer": ["transformers", "BertTokenizerFast"]`');
    expect(card).not.toContain('AutoTokenizer');
    expect(card).toContain('\n# a\\`b\\<i\\>\\|\\[x\\]: "\\#\n');
    expect(card).toContain(`folder = ${JSON.stringify(name)} `);
    expect(card).toContain('Exported from `./owner/model`.');
    expect(card).not.toMatch(/huggingface\.co|base_model/);
  });

  it('writes what sentence-transformers needs to pad to 77, and a projection as its last module', async () => {
    await exported('projected', 'transformers');
    const folder = join(cwd, 'projected-transformers');
    const written = (name: string): unknown => readJson(join(folder, name));
    expect(written('modules.json')).toEqual([
      { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
      { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
      { idx: 2, name: '2', path: '2_Dense', type: 'sentence_transformers.models.Dense' },
    ]);
    expect(written('sentence_bert_config.json')).toEqual({
      max_seq_length: 77,
      do_lower_case: false,
      processing_kwargs: { text: { padding: 'max_length', max_length: 77, truncation: true } },
      unpad_inputs: false,
    });
    expect(written('config_sentence_transformers.json')).toEqual({
      prompts: {},
      default_prompt_name: null,
      similarity_fn_name: 'cosine',
    });
    expect(written('1_Pooling/config.json')).toEqual({
      word_embedding_dimension: 48,
      pooling_mode_cls_token: false,
      pooling_mode_mean_tokens: true,
      pooling_mode_max_tokens: false,
      pooling_mode_mean_sqrt_len_tokens: false,
    });
    expect(written('2_Dense/config.json')).toEqual({
      in_features: 48,
      out_features: 64,
      bias: true,
      activation_function: 'torch.nn.modules.linear.Identity',
    });
    const dense = await openSafetensors(join(folder, '2_Dense/model.safetensors'));
    expect(dense.tensors.get('linear.weight')!.shape).toEqual([64, 48]);
    await dense.close();
  });

  it('refuses a folder with other contents', async () => {
    mkdirSync(join(cwd, 'other'));
    writeFileSync(join(cwd, 'other/mine.txt'), 'x');
    const { code, stderr } = await exportTo('other', 'roberta', 'transformers');
    expect([code, stderr]).toEqual([
      1,
      'error: --to other: expected an empty folder or an earlier export, got one with mine.txt in it; name ' +
        'another folder\n',
    ]);
    expect(readdirSync(join(cwd, 'other'))).toEqual(['mine.txt']);
  });

  it('does not take an empty name for the current folder and replace that', async () => {
    await expect(checkExportFolder('')).rejects.toThrow(
      '--to: expected the name of a folder, got an empty text; name one',
    );
  });

  it('refuses an earlier export to which something was added', async () => {
    await exported('roberta', 'transformers');
    const folder = join(cwd, 'roberta-transformers');
    for (const added of ['notes.txt', '.git/HEAD', 'empty']) {
      const path = join(folder, added);
      if (added === 'empty') mkdirSync(path);
      else {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, 'mine');
      }
      const { code, stderr } = await exportTo('roberta-transformers', 'bert', 'transformers');
      expect([code, stderr]).toEqual([
        1,
        `error: --to roberta-transformers: expected an earlier export and nothing else, got ${added}, which is ` +
          `not of that export; move it away, or name another folder\n`,
      ]);
      expect(existsSync(path)).toBe(true);
      rmSync(join(folder, added.split('/')[0]), { recursive: true });
    }
    await exported('roberta', 'transformers');
  });

  it('refuses the current folder, which would be deleted under the shell, and a path through a file', async () => {
    mkdirSync(join(cwd, 'here/below'), { recursive: true });
    for (const [to, from, message] of [
      ['.', 'below', 'expected a folder that can be replaced by the complete export, got the current folder; name a'],
      ['kd.txt/x', '.', 'cannot be written: a file is in its place'],
    ] as const) {
      const where = join(cwd, 'here', from);
      writeFileSync(join(cwd, 'here/kd.txt'), '');
      const { code, stderr } = await kdHere(
        ['export', join(cwd, 'roberta'), '--to', to, '--backend', BACKEND, '--quiet'],
        { cwd: where },
      );
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^error: (--to )?${to}: ${message}[^\n]*\n$`));
    }
    expect(readdirSync(join(cwd, 'here'))).toEqual(['below', 'kd.txt']);
    expect(readdirSync(join(cwd, 'here/below'))).toEqual([]);
  });

  it('writes to where a link leads, and refuses a link to nothing', async () => {
    mkdirSync(join(cwd, 'large-disk/export'), { recursive: true });
    symlinkSync('large-disk/export', join(cwd, 'linked'));
    for (const format of ['diffusers', 'transformers']) {
      const { code, stderr } = await exportTo('linked', 'roberta', format);
      expect(code, stderr).toBe(0);
    }
    expect(readlinkSync(join(cwd, 'linked'))).toBe('large-disk/export');
    expect(readdirSync(join(cwd, 'large-disk'))).toEqual(['export']);
    expect(readdirSync(join(cwd, 'large-disk/export'))).toContain('model.safetensors');
    symlinkSync('nowhere', join(cwd, 'broken'));
    const { code, stderr } = await exportTo('broken', 'roberta', 'transformers');
    expect([code, stderr]).toEqual([
      1,
      'error: --to broken: expected a folder, or none yet, got a link to nothing; name another\n',
    ]);
  });

  it.skipIf(!canMount())('refuses the root of a mounted file system, and says when it is full', () => {
    const script = [
      'mkdir mounted',
      'mount -t tmpfs -o size=100k tmpfs mounted',
      ...['mounted', 'mounted/export'].map(
        (to) => `"$0" "$1" export ./roberta --to ${to} --backend cpu --quiet || true`,
      ),
      'ls -A mounted',
    ].join('\n');
    const { status, stdout, stderr } = spawnSync(
      IN_NEW_MOUNTS[0],
      [...IN_NEW_MOUNTS.slice(1), 'sh', '-e', '-c', script, process.execPath, KD],
      { cwd, encoding: 'utf8' },
    );
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: '',
      stderr:
        'error: --to mounted: expected a folder that can be replaced by the complete export, got one where a file ' +
        'system is mounted; name a new folder in it, such as mounted/exported\n' +
        'error: mounted/export/model.safetensors: cannot be written: no space left on the device\n',
    });
  });

  it('requires a token before it writes anything', async () => {
    vi.stubEnv('HF_TOKEN', '');
    const { code, stderr } = await exportTo('pushed', 'roberta', 'transformers', ['--push', 'me/it']);
    expect([code, stderr]).toEqual([
      1,
      'error: --push: expected a token in HF_TOKEN, found none; make one with write access at ' +
        'https://huggingface.co/settings/tokens\n',
    ]);
    expect(existsSync(join(cwd, 'pushed'))).toBe(false);
    vi.unstubAllEnvs();
  });
});
