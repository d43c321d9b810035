import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { encoderEngine } from '../../src/engine/encoder.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { bfloat16Blocker, cpuFeatures } from '../../src/tensorflow/hardware.js';
import { openPretrained } from '../../src/models/pretrained.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { writeSafetensors } from '../../src/weights/safetensors-writer.js';
import { KD, kd, temporaryFolder, type CliResult } from '../cli.js';
import { largestDifference, PARITY } from '../fixtures/index.js';
import { apart } from '../float64/model-bounds.js';
import { kdHere } from '../in-process.js';
import { BACKEND, copyOf, readJson, STUDENT, TEACHER } from './tiny.js';

interface TokenCase {
  readonly text: string;
  readonly teacher: { length: number; ids: number[] };
  readonly student: { length: number; ids: number[] };
}

/** Of the 60 texts those that a file with a text a line can hold. */
const CASES = readJson<{ cases: TokenCase[] }>(join(PARITY, 'tokens.json')).cases.filter(
  ({ text }) => !/[\r\n]/.test(text),
);

let cwd: string;
beforeAll(() => {
  cwd = temporaryFolder();
  writeFileSync(join(cwd, 'car.txt'), 'a car\n');
  writeFileSync(join(cwd, 'texts.txt'), CASES.map(({ text }) => `${text}\n`).join(''));
});

function encodeArguments(model: string, output: string, flags: readonly string[] = []): string[] {
  const input = flags.includes('--input') ? [] : ['--input', 'texts.txt'];
  return ['encode', '--model', model, ...input, '--output', output, '--backend', BACKEND, ...flags];
}

/** Encodes in this process. */
async function encode(model: string, output: string, flags: readonly string[] = []): Promise<CliResult> {
  const result = await kdHere(encodeArguments(model, output, flags), { cwd });
  expect(result.code, result.stderr).toBe(0);
  return result;
}

async function read(output: string) {
  const file = await openSafetensors(join(cwd, output));
  const info = Object.fromEntries(
    [...file.tensors].map(([name, { dtype, shape }]) => [name, `${dtype} ${shape.join()}`]),
  );
  const values = {
    lastHiddenState: await file.read('last_hidden_state'),
    poolerOutput: await file.read('pooler_output'),
    inputIds: await file.readInt32('input_ids'),
  };
  await file.close();
  return { info, ...values };
}

/** The same texts' ids through the model itself, all at once. */
async function forward(model: string, ids: Int32Array, mask?: Float32Array) {
  await loadBackend(BACKEND);
  const { encoder, parameters } = await opened(model);
  const engine = await encoderEngine(encoder, parameters, { masked: mask !== undefined });
  const output = await engine.encode(ids, CASES.length, mask);
  engine.dispose();
  return output;
}

async function opened(model: string) {
  const pretrained = await openPretrained(model, 0);
  return { encoder: pretrained.encoder, parameters: pretrained.parameters() };
}

describe('kd encode', () => {
  it.each([
    ['teacher', TEACHER],
    ['student', STUDENT],
  ] as const)('writes ids, hidden states and pooled outputs of the %s', async (role, model) => {
    const { stdout, stderr } = await encode(model, `${role}.safetensors`);
    const { info, inputIds, lastHiddenState, poolerOutput } = await read(`${role}.safetensors`);
    const count = CASES.length;
    expect(count).toBeGreaterThan(50);
    expect(info).toEqual({
      last_hidden_state: `F32 ${count},77,48`,
      pooler_output: `F32 ${count},48`,
      input_ids: `I32 ${count},77`,
    });
    expect([...inputIds]).toEqual(CASES.flatMap((texts) => texts[role].ids));

    const expected = await forward(model, inputIds);
    const bounds = await apart(model, inputIds.slice(0, 77));
    expect(largestDifference(lastHiddenState, expected.lastHiddenState)).toBeLessThan(bounds.lastHiddenState);
    expect(largestDifference(poolerOutput, expected.poolerOutput)).toBeLessThan(bounds.poolerOutput);

    const cut = CASES.filter((texts) => texts[role].length > 77).length;
    expect(cut).toBeGreaterThan(0);
    const withoutProgress = stderr.replace(/^encoding: .*\n/gm, ''); // there is some where it takes long
    expect(withoutProgress).toBe(`warning: ${cut} of ${count} texts cut to 77 tokens\n`);
    expect(stdout).toBe(`${role}.safetensors: ${count} texts, last_hidden_state [${count}, 77, 48]\n`);
  });

  it.each([
    ['standard input', '-', '< texts.txt'],
    ['standard input by its path', '/dev/stdin', '< texts.txt'],
    ['standard input that is a pipe', '/dev/stdin', '< <(cat texts.txt)'],
    ['a pipe', '<(cat texts.txt)', ''],
  ])('reads texts from %s', (_, input, redirection) => {
    const command = `"$0" "$1" encode --model "$2" --backend "$3" --input ${input} --output piped.safetensors`;
    const args = [process.execPath, KD, STUDENT, BACKEND];
    const { status, stdout, stderr } = spawnSync('bash', ['-c', `${command} ${redirection}`, ...args], {
      cwd,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toContain(`piped.safetensors: ${CASES.length} texts`);
  });

  it('with --attention-mask, attends to tokens only', async () => {
    await encode(STUDENT, 'plain.safetensors');
    await encode(STUDENT, 'masked.safetensors', ['--attention-mask']);
    const [plain, masked] = [await read('plain.safetensors'), await read('masked.safetensors')];
    expect([...masked.inputIds]).toEqual([...plain.inputIds]);
    expect(largestDifference(masked.lastHiddenState, plain.lastHiddenState)).toBeGreaterThan(0.01);
    const mask = Float32Array.from(
      CASES.flatMap(({ student }) => student.ids.map((_, i) => (i < student.length ? 1 : 0))),
    );
    const expected = await forward(STUDENT, masked.inputIds, mask);
    const bounds = await apart(STUDENT, masked.inputIds.slice(0, 77), mask.slice(0, 77));
    expect(largestDifference(masked.lastHiddenState, expected.lastHiddenState)).toBeLessThan(bounds.lastHiddenState);
  });

  it('gives the same outputs for any batch size', async () => {
    await encode(STUDENT, 'by-32.safetensors');
    await encode(STUDENT, 'by-7.safetensors', ['--batch-size', '7']);
    const [by32, by7] = [await read('by-32.safetensors'), await read('by-7.safetensors')];
    // Kernels add up in another order for another number of rows: each may be off by what rounding explains.
    const bounds = await apart(STUDENT, by32.inputIds.slice(0, 77));
    expect(largestDifference(by7.lastHiddenState, by32.lastHiddenState)).toBeLessThan(bounds.lastHiddenState);
    expect(largestDifference(by7.poolerOutput, by32.poolerOutput)).toBeLessThan(bounds.poolerOutput);
    expect([...by7.inputIds]).toEqual([...by32.inputIds]);
  });

  it.skipIf(BACKEND === 'cpu' || bfloat16Blocker() !== undefined)('rounds to bfloat16 on request alone', async () => {
    for (const name of ['fp32', 'bf16']) await encode(STUDENT, `${name}.safetensors`, ['--precision', name]);
    await encode(STUDENT, 'usual.safetensors');
    const [fp32, bf16, usual] = [
      await read('fp32.safetensors'),
      await read('bf16.safetensors'),
      await read('usual.safetensors'),
    ];
    expect(usual).toEqual(fp32);
    expect([...bf16.inputIds]).toEqual([...fp32.inputIds]);
    const norm = (values: Float32Array): number => Math.hypot(...values.subarray(0, 77 * 48));
    const off =
      norm(bf16.lastHiddenState.map((value, i) => value - fp32.lastHiddenState[i])) / norm(fp32.lastHiddenState);
    // a factor is off by up to 2⁻⁹ of itself; a text passes through some ten products one after the other
    expect(off).toBeGreaterThan(2 ** -16); // far more than float32's rounding
    expect(off).toBeLessThan(10 * 2 * 2 ** -8);
  });

  it('refuses bfloat16 if nothing can compute it', () => {
    const refused = (backend: string, env: Readonly<Record<string, string>>): string => {
      const flags = ['--backend', backend, '--precision', 'bf16', '--quiet'];
      const result = kd(
        ['encode', '--model', STUDENT, '--input', 'texts.txt', '--output', 'no.safetensors', ...flags],
        {
          cwd,
          env,
        },
      );
      expect(result.code).toBe(1);
      return result.stderr;
    };
    expect(refused('cpu', {})).toBe(
      'error: --precision bf16: expected TensorFlow, which can compute in it, got tfjs in JavaScript; use --precision fp32\n',
    );
    if (BACKEND !== 'cpu' && cpuFeatures().has('avx512f'))
      expect(refused(BACKEND, { ONEDNN_MAX_CPU_ISA: 'AVX2', TF_ENABLE_ONEDNN_OPTS: '1' })).toMatch(
        /expected oneDNN to be allowed bfloat16, but ONEDNN_MAX_CPU_ISA=AVX2 forbids it; unset that variable/,
      );
    expect(readdirSync(cwd)).not.toContain('no.safetensors');
  });

  it(
    'reads standard input, with empty lines as empty texts, lines of either ending, and a byte order mark ' +
      'passed over',
    async () => {
      const input = '\ufeff노란색 차\r\n\r\n\na yellow car';
      const { code, stdout, stderr } = kd(encodeArguments(STUDENT, 'stdin.safetensors', ['--input', '-', '--json']), {
        cwd,
        input,
      });
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        event: 'done',
        output: 'stdin.safetensors',
        texts: 4,
        cut: 0,
        last_hidden_state: [4, 77, 48],
      });
      expect(stdout.match(/\n/g)).toHaveLength(1);
      expect(stderr).toBe('');
      const { inputIds } = await read('stdin.safetensors');
      const rows = [0, 1, 2, 3].map((row) => [...inputIds.subarray(77 * row, 77 * (row + 1))]);
      const empty = CASES.find(({ text }) => text === '')!.student.ids;
      expect([rows[1], rows[2]]).toEqual([empty, empty]);
      expect(rows[0]).not.toEqual(empty);

      writeFileSync(join(cwd, 'plain.txt'), '노란색 차\n\n\na yellow car\n');
      await encode(STUDENT, 'file.safetensors', ['--input', 'plain.txt', '--quiet']);
      expect(readFileSync(join(cwd, 'file.safetensors')).equals(readFileSync(join(cwd, 'stdin.safetensors')))).toBe(
        true,
      );
    },
  );

  it('warns of a missing pooler, and accepts a tokenizer from elsewhere', async () => {
    const { stderr } = await encode(join(PARITY, 'variants/student-masked-lm-bin'), 'fresh.safetensors', [
      '--tokenizer',
      STUDENT,
      '--input',
      'car.txt',
    ]);
    expect(stderr).toMatch(
      /^warning: \S+student-masked-lm-bin lacks pooler\.dense\.weight, pooler\.dense\.bias: pooler_output comes from random values in their place\n$/,
    );
  });

  it('says which modules of a sentence-transformers model it leaves out', async () => {
    const model = copyOf(STUDENT, join(cwd, 'sentences'));
    const modules = ['Transformer', 'Pooling', 'Dense', 'Normalize'].map((name, idx) => ({
      idx,
      name: String(idx),
      path: idx === 0 ? '' : `${idx}_${name}`,
      type: `sentence_transformers.models.${name}`,
    }));
    for (const [listed, warning] of [
      [
        modules,
        /^warning: --model \S+: used without 2_Dense, which modules\.json adds: the transformer's outputs alone\n$/,
      ],
      [modules.filter(({ path }) => path !== '2_Dense'), /^$/],
    ] as const) {
      writeFileSync(join(model, 'modules.json'), JSON.stringify(listed));
      const { stderr } = await encode(model, 'sentences.safetensors', ['--input', 'car.txt']);
      expect(stderr).toMatch(warning);
    }
    const old = join(cwd, 'old-sentences');
    copyOf(model, join(old, '0_Transformer'));
    renameSync(join(old, '0_Transformer/modules.json'), join(old, 'modules.json'));
    writeFileSync(
      join(old, 'modules.json'),
      JSON.stringify(modules.map((module) => (module.idx === 0 ? { ...module, path: '0_Transformer' } : module))),
    );
    const { code, stderr } = await encode(old, 'old.safetensors', ['--input', 'car.txt']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('used without 2_Dense, which modules.json adds')]);
    expect(readFileSync(join(cwd, 'old.safetensors'))).toEqual(readFileSync(join(cwd, 'sentences.safetensors')));
  });

  it('replaces an earlier output and an empty file, but no other file', async () => {
    writeFileSync(join(cwd, 'two.txt'), 'a\nb\n');
    writeFileSync(join(cwd, 'again.safetensors'), '');
    for (const input of ['texts.txt', 'two.txt']) await encode(STUDENT, 'again.safetensors', ['--input', input]);
    expect((await read('again.safetensors')).info.input_ids).toBe('I32 2,77');
    cpSync(join(STUDENT, 'model.safetensors'), join(cwd, 'model.safetensors'));
    for (const other of ['two.txt', 'model.safetensors']) {
      const before = readFileSync(join(cwd, other));
      const { code, stderr } = await kdHere(encodeArguments(STUDENT, other, ['--input', 'two.txt']), { cwd });
      expect([code, stderr]).toEqual([
        1,
        `error: --output ${other}: expected no file yet, or an earlier output of kd encode, got another file; ` +
          `name another\n`,
      ]);
      expect(readFileSync(join(cwd, other))).toEqual(before);
    }
  });

  it('refuses a folder, and outputs that are not finite, and writes nothing', async () => {
    const diverged = copyOf(STUDENT, join(cwd, 'diverged'));
    const weights = await openSafetensors(join(STUDENT, 'model.safetensors'));
    const tensors = [];
    for (const [name, { shape }] of weights.tensors) {
      const values = await weights.read(name);
      const isLast = name === 'encoder.layer.1.output.LayerNorm.weight';
      tensors.push({ name, dtype: 'F32' as const, shape, values: isLast ? values.fill(3e38) : values });
    }
    await weights.close();
    await writeSafetensors(join(diverged, 'model.safetensors'), tensors);
    mkdirSync(join(cwd, 'taken.safetensors'));
    for (const [output, message] of [
      [
        'taken.safetensors',
        /^error: --output taken\.safetensors: expected no file yet, or an earlier output of kd encode, got a folder; name another\n$/,
      ],
      [
        'none.safetensors',
        /^error: \S+diverged: expected finite numbers for ".*", got -?Infinity; the model is damaged or its training diverged: use an earlier checkpoint\n$/,
      ],
    ] as const) {
      const { code, stdout, stderr } = await kdHere(encodeArguments(diverged, output, ['--quiet']), { cwd });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(message);
    }
    expect(readdirSync(cwd)).not.toContain('none.safetensors');
  });

  it('prints only its result with --quiet, and loses nothing if standard error is appended to a file', () => {
    writeFileSync(join(cwd, 'one.txt'), 'a\n');
    const script = '{ echo before >&2; "$0" "$@"; echo after >&2; } 2>>said.txt >&2';
    const args = ['encode', '--model', STUDENT, '--input', 'one.txt', '--output', 'said.safetensors', '--quiet'];
    const { status } = spawnSync('sh', ['-c', script, process.execPath, KD, ...args, '--backend', BACKEND], { cwd });
    expect(status).toBe(0);
    expect(readFileSync(join(cwd, 'said.txt'), 'utf8')).toMatch(/^before\nsaid\.safetensors: .*\nafter\n$/);
  });

  it('leaves no temporary file', () => {
    expect(readdirSync(cwd).filter((name) => name.includes('tmp'))).toEqual([]);
  });
});

describe('the tokenizer files of Stable Diffusion', () => {
  const FILES = join(PARITY, '../tokenizer-files');

  // Ids by transformers 5.24: `AutoTokenizer`, padded and cut to 77.
  it.each(['sd2-pad-token', 'added-tokens-json'])('in the layout %s give the ids of transformers', async (layout) => {
    const tokenizer = join(temporaryFolder(), layout);
    cpSync(join(FILES, 'clip'), tokenizer, { recursive: true });
    cpSync(join(FILES, layout), tokenizer, { recursive: true });
    const { cases } = readJson<{ cases: { text: string; ids: number[] }[] }>(join(tokenizer, 'expected-ids.json'));
    expect(cases).toHaveLength(10);
    const input = join(tokenizer, 'texts.txt');
    writeFileSync(input, cases.map(({ text }) => `${text}\n`).join(''));
    await encode(TEACHER, `${layout}.safetensors`, ['--tokenizer', tokenizer, '--input', input]);
    const { inputIds } = await read(`${layout}.safetensors`);
    const rows = cases.map((_, row) => [...inputIds.slice(77 * row, 77 * (row + 1))]);
    expect(rows).toEqual(cases.map(({ ids }) => ids));
  });
});
