import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync, cpSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { kd, temporaryFolder, type CliResult } from '../cli.js';
import { largestDifference, PARITY } from '../fixtures/index.js';
import { BACKEND, readJson, STUDENT, TEACHER } from './tiny.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const TEXTS = '\n노란색 차\nA cat sleeps on the sofa. 고양이가 소파에서 잔다.\n';

let cwd: string;
beforeAll(() => {
  cwd = temporaryFolder();
  cpSync(STUDENT, join(cwd, 'roberta'), { recursive: true });
  cpSync(TEACHER, join(cwd, 'clip'), { recursive: true });
  cpSync(STUDENT, join(cwd, 'bert'), { recursive: true });
  for (const name of ['config.json', 'model.safetensors']) cpSync(join(PARITY, 'variants/student-bert', name), join(cwd, 'bert', name));
  writeFileSync(join(cwd, 'texts.txt'), TEXTS);
});

function exportTo(to: string, model: string, format: string, flags: readonly string[] = []): CliResult {
  return kd(['export', `./${model}`, '--to', to, '--format', format, '--backend', BACKEND, ...flags], { cwd });
}

/**
 * `@xenova/transformers` 2.17 reads the tensors of ONNX Runtime 1.14 alone, as it is installed with when installed by
 * itself; here the newer one that draws pictures stands in its place.
 */
const OWN_RUNTIME = `export const resolve = (name, context, next) => next(name === 'onnxruntime-node' ? 'onnxruntime-node-1.14' : name, context);`;
const HOOK = `import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(OWN_RUNTIME)}));`;

/** What `@xenova/transformers` gives, in a process of its own, by the lines that the model card shows. */
function runInTransformersJs(folder: string): { dims: number[]; values: number[] } {
  const code = /```js\n([^]*?)```/.exec(readFileSync(join(cwd, folder, 'README.md'), 'utf8'))![1]
    .replace(/\['노란색 차', 'a yellow car'\]/, JSON.stringify(TEXTS.slice(0, -1).split('\n')));
  if (!existsSync(join(cwd, 'node_modules'))) symlinkSync(join(ROOT, 'node_modules'), join(cwd, 'node_modules'));
  writeFileSync(join(cwd, `${folder}.mjs`), `${code}\nconsole.log(JSON.stringify({ dims: last_hidden_state.dims, values: [...last_hidden_state.data] }));`);
  writeFileSync(join(cwd, 'hook.mjs'), HOOK);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', './hook.mjs', `${folder}.mjs`], { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as { dims: number[]; values: number[] };
}

describe('kd export', () => {
  it.each(['roberta', 'bert', 'clip'])('writes a %s that @xenova/transformers runs as its model card says', async (model) => {
    const { code, stdout, stderr } = exportTo(`${model}-onnx`, model, 'onnx', ['--json']);
    expect(code, stderr).toBe(0);
    expect((JSON.parse(stdout) as { largest_difference: number }).largest_difference).toBeLessThan(1e-4);
    expect(kd(['encode', '--model', `./${model}`, '--input', 'texts.txt', '--output', `${model}.safetensors`, '--backend', BACKEND], { cwd }).code).toBe(0);
    const own = await openSafetensors(join(cwd, `${model}.safetensors`));
    const { dims, values } = runInTransformersJs(`${model}-onnx`);
    expect(dims).toEqual([3, 77, 48]);
    expect(largestDifference(values, await own.read('last_hidden_state'))).toBeLessThan(1e-4);
    await own.close();
  });

  it.each([['transformers', ['config.json', 'model.safetensors', 'tokenizer.json']], ['diffusers', ['text_encoder', 'tokenizer']]])('writes the layout of %s', (format, names) => {
    const { code, stderr } = exportTo(format, 'roberta', format);
    expect(code, stderr).toBe(0);
    expect(readdirSync(join(cwd, format))).toEqual(expect.arrayContaining([...names, 'README.md', 'kd-export.json']));
    expect(readdirSync(cwd).filter((name) => /\.(tmp|old)$/.test(name))).toEqual([]);
    const tokenizer = readJson<Record<string, unknown>>(join(cwd, format, format === 'diffusers' ? 'tokenizer' : '.', 'tokenizer_config.json'));
    expect([tokenizer.model_max_length, tokenizer.model_input_names]).toEqual([77, ['input_ids']]);
  });

  it('replaces an earlier export, and refuses any other folder', () => {
    expect(exportTo('again', 'roberta', 'transformers').code).toBe(0);
    expect(exportTo('again', 'roberta', 'diffusers').code).toBe(0);
    expect(existsSync(join(cwd, 'again/model.safetensors'))).toBe(false);
    mkdirSync(join(cwd, 'other'));
    writeFileSync(join(cwd, 'other/mine.txt'), 'x');
    const { code, stderr } = exportTo('other', 'roberta', 'transformers');
    expect([code, stderr]).toEqual([1, 'error: --to other: expected an empty folder or an earlier export, got one with mine.txt in it; name another folder\n']);
    expect(readdirSync(join(cwd, 'other'))).toEqual(['mine.txt']);
  });

  it('asks for a token before it writes anything', () => {
    const { code, stderr } = kd(['export', './roberta', '--to', 'pushed', '--push', 'me/it', '--backend', BACKEND], { cwd, env: { HF_TOKEN: '' } });
    expect([code, stderr]).toEqual([1, 'error: --push: expected a token in HF_TOKEN, found none; make one with write access at https://huggingface.co/settings/tokens\n']);
    expect(existsSync(join(cwd, 'pushed'))).toBe(false);
  });
});
