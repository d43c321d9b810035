/** @file Models that are not what they were: folders against their `manifest.json`, and weights that are no numbers. */
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openWeights } from '../../src/weights/folder.js';
import { float32ToBfloat16, float32ToFloat16 } from '../../src/weights/half.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { kd, type CliResult } from '../cli.js';
import { PARITY, SD_TINY } from '../fixtures/index.js';
import { kdHere } from '../in-process.js';
import { safetensorsBytes } from '../weights/support.js';
import { BACKEND, copyOf, folderWithPairs, STUDENT, TEACHER } from './tiny.js';

/** Writes the manifest of a folder as a checkpoint has it. */
function seal(folder: string): string {
  const files = readdirSync(folder)
    .filter((name) => name !== 'manifest.json')
    .map((name) => [name, readFileSync(join(folder, name))] as const)
    .map(([name, bytes]) => [name, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }]);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ files: Object.fromEntries(files) as object }));
  return folder;
}

/** Turns one bit of a file. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 6] ^= 1;
  writeFileSync(path, bytes);
}

let cwd: string;
let count = 0;
beforeAll(() => {
  cwd = folderWithPairs(12);
  writeFileSync(join(cwd, 'texts.txt'), 'a yellow car\n');
});

/** A copy of a model under a new name, in the current folder. */
function sealed(model: string): string {
  const name = `./model-${count++}`;
  copyOf(model, join(cwd, name));
  seal(join(cwd, name));
  return name;
}

const encode = (model: string): Promise<CliResult> =>
  kdHere(['encode', '--model', model, '--input', 'texts.txt', '--output', 'out.safetensors', '--backend', BACKEND], {
    cwd,
  });
const train = (flags: readonly string[]): Promise<CliResult> =>
  kdHere(
    ['train', '--data', 'pairs.csv', '--run', `run-${count++}`, '--backend', BACKEND, '--max-steps', '1', ...flags],
    {
      cwd,
    },
  );
const lastLine = ({ stderr }: CliResult): string => stderr.trimEnd().split('\n').at(-1)!;

describe('a folder with a manifest.json', () => {
  /** What each command says of a student, and of a teacher, one bit of whose weights has flipped. */
  const COMMANDS: Record<string, (student: string, teacher: string) => Promise<CliResult> | CliResult> = {
    encode: (student) => encode(student),
    eval: (student) =>
      kdHere(['eval', '--compare', student, '--teacher', TEACHER, '--data', 'pairs.csv', '--backend', BACKEND], {
        cwd,
      }),
    'eval, as the teacher': (_, teacher) =>
      kdHere(['eval', '--compare', STUDENT, '--teacher', teacher, '--data', 'pairs.csv', '--backend', BACKEND], {
        cwd,
      }),
    'export for transformers': (student) => exportAs('transformers', student),
    'export for diffusers': (student) => exportAs('diffusers', student),
    'export for onnx': (student) => exportAs('onnx', student),
    generate: (student) => kdHere(['generate', '차', '--encoder', student, '--pipeline', SD_TINY], { cwd }),
    'train, as the student': (student) => train(['--teacher', TEACHER, '--student', student]),
    'train, as the teacher': (_, teacher) => train(['--teacher', teacher, '--student', STUDENT]),
    "train, as the teacher's tokenizer": (_, teacher) =>
      train(['--teacher', TEACHER, '--student', STUDENT, '--teacher-tokenizer', teacher]),
    'train --dry-run': (student) => train(['--teacher', TEACHER, '--student', student, '--dry-run']),
    prepare: (student) =>
      kdHere(['prepare', '--data', 'pairs.csv', '--teacher', TEACHER, '--student', student, '--out', 'store'], { cwd }),
  };
  const exportAs = (format: string, student: string): Promise<CliResult> =>
    kdHere(['export', student, '--to', `exported-${count++}`, '--format', format, '--backend', BACKEND], { cwd });

  it.each(Object.keys(COMMANDS))('is checked by kd %s', async (name) => {
    const before = readdirSync(cwd);
    const [student, teacher] = [sealed(STUDENT), sealed(TEACHER)];
    for (const model of [student, teacher]) flip(join(cwd, model, 'model.safetensors'));
    const result = await COMMANDS[name](student, teacher);
    expect(result.code, result.stderr).toBe(1);
    expect(result.stdout).toBe('');
    expect(lastLine(result)).toMatch(
      /^error: \.\/model-\d+: model\.safetensors: expected the SHA-256 [0-9a-f]{12}…, got [0-9a-f]{12}…; take an intact copy of the folder, or another checkpoint; if it was changed on purpose, remove its manifest\.json$/,
    );
    const made = readdirSync(cwd).filter((file) => !before.includes(file) && !/^(model|out)/.test(file));
    expect(made).toEqual([]);
  });

  it('is used if it is intact', async () => {
    const model = sealed(STUDENT);
    for (let times = 0; times < 2; times++) expect(await encode(model)).toMatchObject({ code: 0 });
  });

  it.each<[string, (folder: string) => void, RegExp]>([
    [
      'a file that is gone',
      (folder) => {
        rmSync(join(folder, 'vocab.txt'));
      },
      /vocab\.txt: expected \d+ bytes, got no such file or folder; /,
    ],
    [
      'a file cut short',
      (folder) => {
        writeFileSync(join(folder, 'vocab.txt'), 'a');
      },
      /vocab\.txt: expected \d+ bytes, got 1 bytes; /,
    ],
    [
      'a file edited at the same size',
      (folder) => {
        flip(join(folder, 'config.json'));
      },
      /config\.json: expected the SHA-256 /,
    ],
    [
      'a bit of the tokenizer',
      (folder) => {
        flip(join(folder, 'tokenizer.json'));
      },
      /tokenizer\.json: expected the SHA-256 /,
    ],
    [
      'a manifest cut short',
      (folder) => {
        writeFileSync(join(folder, 'manifest.json'), '{"files": {');
      },
      /manifest\.json: expected JSON, got /,
    ],
    [
      'an empty manifest',
      (folder) => {
        writeFileSync(join(folder, 'manifest.json'), '');
      },
      /manifest\.json: expected JSON, got /,
    ],
    [
      'a manifest without files',
      (folder) => {
        writeFileSync(join(folder, 'manifest.json'), '[]');
      },
      /manifest\.json: expected an object, got an empty list; /,
    ],
    [
      'a manifest with half an entry',
      (folder) => {
        writeFileSync(join(folder, 'manifest.json'), '{"files": {"config.json": {"bytes": 3}}}');
      },
      /manifest\.json: expected a value, got nothing \(files\["config\.json"\]\.sha256\); /,
    ],
    [
      'a file that the manifest does not name',
      (folder) => {
        writeFileSync(join(folder, 'added_tokens.json'), '{}');
      },
      /manifest\.json: expected an entry for added_tokens\.json, which is in the folder, found none; /,
    ],
  ])('refuses %s', async (_, damage, message) => {
    const model = sealed(STUDENT);
    damage(join(cwd, model));
    const result = await encode(model);
    expect(result.code).toBe(1);
    expect(lastLine(result)).toMatch(message);
    expect(lastLine(result)).toMatch(/; if it was changed on purpose, remove its manifest\.json$/);
    rmSync(join(cwd, model, 'manifest.json'));
    expect(lastLine(await encode(model))).not.toContain('manifest');
  });

  it("may contain its owner's notes, and is checked again after a file was touched", async () => {
    const model = sealed(STUDENT);
    writeFileSync(join(cwd, model, 'notes.md'), 'the good one');
    expect(await encode(model)).toMatchObject({ code: 0 });
    flip(join(cwd, model, 'model.safetensors'));
    expect(await encode(model)).toMatchObject({ code: 1 });
  });
});

describe('a checkpoint of a run', () => {
  it('is checked by kd encode, eval, export, generate and report; the report leaves its translations out', async () => {
    expect(await train(['--teacher', TEACHER, '--student', STUDENT, '--run', 'damaged'])).toMatchObject({ code: 0 });
    const run = join(cwd, 'checkpoints/damaged');
    rmSync(join(run, 'translations.json'), { force: true });
    flip(join(run, 'step-00000001/optimizer.safetensors'));
    for (const args of [
      ['encode', '--model', 'damaged', '--input', 'texts.txt', '--output', 'out.safetensors'],
      ['eval', '--compare', 'damaged:1'],
      ['export', 'damaged:best', '--to', 'exported'],
      ['generate', '차', '--encoder', 'damaged', '--pipeline', SD_TINY],
    ]) {
      const result = await kdHere(args, { cwd });
      expect(result.code, args.join(' ')).toBe(1);
      expect(lastLine(result)).toMatch(
        /^error: checkpoints\/damaged\/step-00000001: optimizer\.safetensors: expected the SHA-256 /,
      );
    }
    const report = await kdHere(['report', 'damaged'], { cwd });
    expect(report.code).toBe(0);
    expect(report.stderr).toMatch(
      /^warning: no translations in the report: .*step-00000001: optimizer\.safetensors: expected the SHA-256 /m,
    );
  });
});

describe('weights that are not finite', () => {
  const WORD = 'embeddings.LayerNorm.weight';
  const CLIP = 'text_model.final_layer_norm.bias';

  /** A copy of a model in which a value of a tensor is another. */
  async function poisoned(model: string, tensor: string, value: number): Promise<string> {
    const name = `./model-${count++}`;
    const folder = copyOf(model, join(cwd, name));
    const file = join(
      folder,
      readdirSync(folder).find((each) => /^(model\.safetensors|pytorch_model\.bin)$/.test(each))!,
    );
    const source = await openWeights(folder);
    const values = Buffer.from((await source.read(tensor)).buffer);
    await source.close();
    const bytes = readFileSync(file);
    const at = bytes.indexOf(values.subarray(0, 16));
    expect(bytes.indexOf(values.subarray(0, 16), at + 1)).toBe(-1); // found in one place
    bytes.writeFloatLE(value, at + 8);
    writeFileSync(file, bytes);
    return name;
  }

  /** A copy of the student whose weights are halves; one value of a tensor is another. */
  async function poisonedHalf(dtype: 'F16' | 'BF16', tensor: string, value: number): Promise<string> {
    const name = `./model-${count++}`;
    const folder = copyOf(STUDENT, join(cwd, name));
    const source = await openSafetensors(join(folder, 'model.safetensors'));
    const header: Record<string, object> = {};
    const parts: Buffer[] = [];
    let end = 0;
    for (const [key, { shape }] of source.tensors) {
      const values = await source.read(key);
      if (key === tensor) values[2] = value;
      const halves = (dtype === 'F16' ? float32ToFloat16 : float32ToBfloat16)(values);
      parts.push(Buffer.from(halves.buffer));
      header[key] = { dtype, shape, data_offsets: [end, (end += halves.byteLength)] };
    }
    await source.close();
    writeFileSync(join(folder, 'model.safetensors'), safetensorsBytes(header, Buffer.concat(parts)));
    return name;
  }

  const said = (file: string, tensor: string, value: string): RegExp =>
    new RegExp(
      `^error: .*${file}: tensor "?${tensor.replaceAll('.', '\\.')}"?: expected finite numbers, found ${value} ` +
        'as value 2; the weights are damaged, or their training diverged: take another copy or checkpoint$',
    );

  it.each([
    ['NaN in float32', () => poisoned(STUDENT, WORD, NaN), 'model.safetensors', 'NaN'],
    ['infinity in float32', () => poisoned(STUDENT, WORD, Infinity), 'model.safetensors', 'Infinity'],
    ['-infinity in float16', () => poisonedHalf('F16', WORD, -Infinity), 'model.safetensors', '-Infinity'],
    ['NaN in bfloat16', () => poisonedHalf('BF16', WORD, NaN), 'model.safetensors', 'NaN'],
  ])("are refused with the tensor's name: %s", async (_, make, file, value) => {
    const result = await encode(await make());
    expect(result.code).toBe(1);
    expect(lastLine(result)).toMatch(said(file, WORD, value));
  });

  it('are refused in a pytorch_model.bin', async () => {
    const model = join(cwd, 'bin');
    cpSync(TEACHER, model, { recursive: true });
    rmSync(join(model, 'model.safetensors'));
    cpSync(join(PARITY, 'variants/teacher-bin/pytorch_model.bin'), join(model, 'pytorch_model.bin'));
    const result = await encode(await poisoned(model, CLIP, NaN));
    expect(lastLine(result)).toMatch(said('pytorch_model.bin', CLIP, 'NaN'));
  });

  it.each<[string, (student: string, teacher: string) => Promise<CliResult> | CliResult]>([
    ['train, as the student', (student) => train(['--teacher', TEACHER, '--student', student])],
    ['train --dry-run', (student) => train(['--teacher', TEACHER, '--student', student, '--dry-run'])],
    ['train, as the teacher', (_, teacher) => train(['--teacher', teacher, '--student', STUDENT])],
    ['export', (student) => kdHere(['export', student, '--to', 'exported', '--backend', BACKEND], { cwd })],
    [
      'eval',
      (student) =>
        kdHere(['eval', '--compare', student, '--teacher', TEACHER, '--data', 'pairs.csv', '--backend', BACKEND], {
          cwd,
        }),
    ],
    [
      'generate',
      (student) =>
        kd(['generate', '차', '--encoder', student, '--pipeline', SD_TINY, '--backend', BACKEND, '--device', 'cpu'], {
          cwd,
        }),
    ],
  ])('are refused by kd %s, and nothing is left behind', async (_, run) => {
    const [student, teacher] = [await poisoned(STUDENT, WORD, NaN), await poisoned(TEACHER, CLIP, NaN)];
    const before = readdirSync(cwd);
    const result = await run(student, teacher);
    expect(result.code, result.stderr).toBe(1);
    expect(lastLine(result)).toMatch(/: expected finite numbers, found NaN as value 2; /);
    expect(readdirSync(cwd).filter((file) => !before.includes(file) && file !== 'checkpoints')).toEqual([]);
  });

  it("are refused in an optimizer's moments on resuming", async () => {
    expect(await train(['--teacher', TEACHER, '--student', STUDENT, '--run', 'moments'])).toMatchObject({ code: 0 });
    const checkpoint = join(cwd, 'checkpoints/moments/step-00000001');
    const path = join(checkpoint, 'optimizer.safetensors');
    const bytes = readFileSync(path);
    bytes.writeFloatLE(NaN, bytes.length - 4);
    writeFileSync(path, bytes);
    seal(checkpoint);
    const result = await kdHere(['train', '--resume', 'moments', '--max-steps', '2'], { cwd });
    expect(result.code).toBe(1);
    expect(lastLine(result)).toMatch(/optimizer\.safetensors: tensor .*: expected finite numbers, found NaN as value /);
  });
});
