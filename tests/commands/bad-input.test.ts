/** @file What bad input gets: one line on standard error, exit code 1, and nothing else anywhere. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/cluster/network.js';
import { createProgram } from '../../src/commands/program.js';
import { kd, type CliOptions } from '../cli.js';
import { kdHere } from '../in-process.js';
import { pickle, torchBytes } from '../weights/support.js';
import { BACKEND, copyOf, folderWithPairs, STUDENT, TEACHER, trainArguments, writeModel } from './tiny.js';

let cwd: string;
beforeAll(() => {
  cwd = folderWithPairs(4);
});

/**
 * Runs a command that must fail as bad input does, and gives its line without `error: `, and `…` for the folder in `at
 * /folder/…`. It runs in a process of its own only if it is given standard input.
 */
async function refusal(args: readonly string[], options: CliOptions = {}): Promise<string> {
  const before = listing();
  const run = options.input === undefined ? kdHere : kd;
  const { code, stdout, stderr } = await run([...args, '--quiet'], { cwd, ...options });
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(listing()).toEqual(before);
  const line = stderr.slice('error: '.length, -1);
  return line.replaceAll(` at ${cwd}/`, ' at …/').replaceAll(`${cwd}/`, '');
}

const refusedTraining = (...flags: string[]): Promise<string> => refusal(trainArguments(flags));
/** The same in a process of its own, whose exit code and native words are its own. */
const IN_PROCESS_OF_ITS_OWN: CliOptions = { input: '' };
const refusedEncoding = (flags: Readonly<Record<string, string>>, options: CliOptions = {}): Promise<string> => {
  const all = { model: STUDENT, input: 'texts.txt', output: 'out.safetensors', ...flags };
  return refusal(['encode', ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])], options);
};

/** Everything under the working folder. */
const listing = (): string[] => readdirSync(cwd, { recursive: true }).map(String).sort();

const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(cwd, name), content);
  return name;
};

describe('data', () => {
  it('that does not exist', async () => {
    expect(await refusedTraining('--data', 'none.csv')).toBe(
      'none.csv: expected a file or folder that can be read, but there is none at …/none.csv; check the path',
    );
    for (const args of [['train'], ['prepare', '--out', 'store']])
      expect(await refusal(args, IN_PROCESS_OF_ITS_OWN)).toBe(
        'data/: expected files of pairs, but there is no such folder at …/data; put corpora there or name them with --data',
      );
  });

  it('with too few fields in most rows', async () => {
    const refused = await refusedTraining('--data', file('short.csv', 'ko,en\n차,car\n집\n말\n'));
    expect(refused).toBe('short.csv:3: expected 2 fields, got 1; complete the row (2 of 3 rows cannot be read)');
  });

  it('in a folder without a data file', async () => {
    mkdirSync(join(cwd, 'notes'));
    expect(await refusedTraining('--data', 'notes')).toBe(
      'notes: expected files of pairs, got nothing at …/notes; name the data with --data',
    );
    file('notes/plan.txt', 'later');
    expect(await refusedTraining('--data', 'notes')).toMatch(
      /^notes: expected files of pairs, got notes\/plan\.txt \(not a kind of file that holds pairs \(.+\); save a table of pairs as one of them\); name the data with --data$/,
    );
    expect(await refusedTraining('--data', 'notes/plan.txt')).toMatch(
      /^notes\/plan\.txt: not a kind of file that holds pairs \(\.csv, /,
    );
  });

  it('that is empty', async () => {
    expect(await refusedTraining('--data', file('empty.csv', ''))).toBe(
      'empty.csv: expected a header and rows, got an empty file; download or write it again',
    );
    expect(await refusedTraining('--data', file('header.csv', 'ko,en\n'))).toBe(
      'header.csv: expected pairs of texts, got none; add rows with both texts',
    );
  });

  it('without one of the columns', async () => {
    expect(await refusedTraining('--data', file('columns.csv', 'id,sentence,english\n1,차,car\n'))).toBe(
      'columns.csv line 1: expected a column ko (or korea, korean), got id, sentence, english; name them with ' +
        '--ko-column and --en-column',
    );
  });

  it('with an unclosed quote', async () => {
    expect(await refusedTraining('--data', file('quote.csv', 'ko,en\n"집,house\n'))).toBe(
      'quote.csv:2: expected a closing quote, got the end of the file; close the quotes of the field (1 of 1 ' +
        'rows cannot be read)',
    );
  });

  it('in two encodings', async () => {
    const eucKr = Buffer.concat([Buffer.from('ko,en\n차,car\n'), Buffer.from([0xc2, 0xf7]), Buffer.from(',car\n')]);
    expect(await refusedTraining('--data', file('euc-kr.csv', eucKr))).toBe(
      'euc-kr.csv line 3: expected text in UTF-8 or code page 949, got the byte 0xC2; save the file as UTF-8',
    );
  });
});

describe('a model', () => {
  it('whose safetensors is cut short', async () => {
    const folder = copyOf(STUDENT, join(cwd, 'cut'));
    truncateSync(join(folder, 'model.safetensors'), 200_000);
    expect(await refusal(trainArguments(['--student', 'cut']), IN_PROCESS_OF_ITS_OWN)).toMatch(
      /^cut\/model\.safetensors: tensor [\w.]+: expected bytes \d+ to \d+ after the header, the file has 195960 there; /,
    );
  });

  it('whose safetensors lies about sizes', async () => {
    const path = join(copyOf(STUDENT, join(cwd, 'lies')), 'model.safetensors');
    const bytes = readFileSync(path);
    expect(bytes.indexOf('"shape":[649,48]')).toBeGreaterThan(0);
    bytes.write('"shape":[948,48]', bytes.indexOf('"shape":[649,48]'));
    writeFileSync(path, bytes);
    expect(await refusedTraining('--student', 'lies')).toMatch(
      /^lies\/model\.safetensors: tensor embeddings\.word_embeddings\.weight: expected 182016 bytes for F32 \[948, 48\], the header gives it 124608 /,
    );
  });

  it('whose pytorch_model.bin names a foreign global', async () => {
    const folder = copyOf(STUDENT, join(cwd, 'foreign'));
    rmSync(join(folder, 'model.safetensors'));
    const call = pickle.file(pickle.call(pickle.global('os', 'system'), pickle.text('touch owned')));
    writeFileSync(join(folder, 'pytorch_model.bin'), torchBytes(call));
    expect(await refusedTraining('--student', 'foreign')).toMatch(/^foreign\/pytorch_model\.bin: .*os\.system/);
  });

  it('of another width than the other model', async () => {
    await writeModel(join(cwd, 'wide'), STUDENT, { hidden_size: 64 });
    expect(await refusedTraining('--student', 'wide')).toBe(
      "--student: expected the teacher's width of 48, got 64; choose a student as wide as the teacher, or let " +
        'it learn a projection with --project',
    );
  });

  it('with fewer positions than tokens', async () => {
    await writeModel(join(cwd, 'short'), TEACHER, { max_position_embeddings: 32 });
    file('texts.txt', 'a car\n');
    expect(await refusedTraining('--teacher', 'short')).toMatch(
      /^--teacher: expected at least 77 positions for 77 tokens, got max_position_embeddings 32; /,
    );
    expect(await refusedEncoding({ model: 'short' })).toMatch(
      /^--model: expected at least 77 positions for 77 tokens, got max_position_embeddings 32; /,
    );
  });

  it('without config.json', async () => {
    rmSync(join(copyOf(STUDENT, join(cwd, 'unconfigured')), 'config.json'));
    expect(await refusedTraining('--student', 'unconfigured')).toBe(
      "unconfigured/config.json: expected the model's configuration, got no such file or folder; give a model's folder",
    );
  });

  it('without a tokenizer', async () => {
    for (const [model, name] of [
      [TEACHER, 'mute-teacher'],
      [STUDENT, 'mute-student'],
    ]) {
      const folder = copyOf(model, join(cwd, name));
      for (const part of readdirSync(folder)) if (/tok|vocab|merges/.test(part)) rmSync(join(folder, part));
    }
    const none = 'expected a tokenizer.json, a vocab.txt, or a vocab.json with merges.txt, got none of them';
    const remedy = "copy the tokenizer's files there; to use another tokenizer, name it with";
    expect(await refusedTraining('--teacher', 'mute-teacher')).toBe(
      `mute-teacher: ${none}; ${remedy} --teacher-tokenizer`,
    );
    expect(await refusedTraining('--student', 'mute-student')).toBe(
      `mute-student: ${none}; ${remedy} --student-tokenizer`,
    );
    expect(await refusedEncoding({ model: 'mute-student' })).toBe(`mute-student: ${none}; ${remedy} --tokenizer`);
    expect(await refusedTraining('--student-tokenizer', 'mute-student')).toBe(
      `mute-student: ${none}; copy the tokenizer's files there`,
    );
  });

  it('with a folder in the place of its tokenizer', async () => {
    const folder = copyOf(STUDENT, join(cwd, 'folded'));
    rmSync(join(folder, 'tokenizer.json'));
    mkdirSync(join(folder, 'tokenizer.json'));
    expect(await refusedTraining('--student', 'folded')).toBe(
      'folded/tokenizer.json: expected a file, found a folder; to use another tokenizer, name it with --student-tokenizer',
    );
  });

  it('with more token ids than embeddings', async () => {
    const expected =
      'expected a tokenizer with at most 649 ids, as many as the model has embeddings, got 1115; give the ' +
      "model's own tokenizer";
    expect(await refusedTraining('--student-tokenizer', TEACHER)).toBe(`--student ${STUDENT}: ${expected}`);
    expect(await refusedEncoding({ tokenizer: TEACHER })).toBe(`--model ${STUDENT}: ${expected}`);
  });

  it('on a hub that cannot be reached', async () => {
    const hub = `http://127.0.0.1:${await freePort()}`;
    const env = { HF_ENDPOINT: hub, HF_HUB_CACHE: join(cwd, 'cache'), HF_HUB_OFFLINE: '', HF_TOKEN: '' };
    const unreachable = (id: string, flag: string): string =>
      `${id}: no such folder, and the hub (${hub}) cannot be reached (ECONNREFUSED); connect, or give a local ` +
      `folder to ${flag}`;
    expect(await refusal(['train', '--data', 'pairs.csv'], { env })).toBe(
      unreachable('openai/clip-vit-large-patch14', '--teacher'),
    );
    expect(await refusal(trainArguments(['--student', 'klue/roberta-small']), { env })).toBe(
      unreachable('klue/roberta-small', '--student'),
    );
    expect(await refusal(trainArguments(['--student-tokenizer', 'klue/roberta-small']), { env })).toBe(
      unreachable('klue/roberta-small', '--student-tokenizer'),
    );
    expect(
      await refusal(['encode', '--model', 'klue/roberta-small', '--input', 'pairs.csv', '--output', 'o'], { env }),
    ).toBe(unreachable('klue/roberta-small', '--model'));
  });
});

describe('a run', () => {
  it('that already exists, before anything is read', async () => {
    mkdirSync(join(cwd, 'checkpoints/taken'), { recursive: true });
    file('checkpoints/taken/config.json', '{}');
    expect(await refusedTraining('--run', 'taken', '--data', 'none.csv')).toBe(
      'checkpoints/taken: expected no run there yet, found one; resume it with --resume taken, choose another ' +
        '--run, or delete it',
    );
  });

  it("whose name cannot be a folder's", async () => {
    for (const name of ['a/b', '..', '/tmp']) {
      expect(await refusedTraining('--run', name)).toBe(
        `--run: expected the name of a folder under checkpoints/, got ${JSON.stringify(name)}: it is a path; choose another`,
      );
    }
  });

  it('with settings that are unavailable or incompatible', async () => {
    const cpu = ['--backend', 'cpu'];
    expect(await refusedTraining(...cpu, '--engine', 'compiled')).toBe(
      '--engine compiled: expected TensorFlow to run the graph, but this is tfjs in JavaScript; use --engine eager',
    );
    expect(await refusedTraining(...cpu, '--precision', 'bf16')).toBe(
      '--precision bf16: expected the compiled engine, which can compute in it, got eager; use --precision fp32',
    );
    expect(await refusedTraining(...cpu, '--jit-compile')).toBe(
      '--jit-compile: expected the compiled engine, whose steps XLA can compile, got eager; leave out --jit-compile',
    );
    expect(await refusedTraining(...cpu, '--device', 'gpu')).toBe(
      '--device gpu: expected --backend tensorflow, which can use a GPU, got cpu; leave out one of them',
    );
    expect(await refusedTraining('--device', 'gpu:x')).toMatch(
      /Expected auto, cpu, cpu:N .*, gpu, gpu:N or gpu:N,N for GPUs counted from 0, or gpu:all\.$/,
    );
  });

  it.skipIf(BACKEND === 'cpu' || existsSync('/dev/nvidiactl'))('on a missing GPU', async () => {
    expect(await refusal(trainArguments(['--device', 'gpu']), IN_PROCESS_OF_ITS_OWN)).toBe(
      "--device gpu: expected a working GPU, but no NVIDIA GPU was found; install NVIDIA's driver; a " +
        'container needs --gpus all (`kd doctor` checks everything)',
    );
  });
});

describe('texts to encode', () => {
  it('that cannot be read', async () => {
    expect(await refusedEncoding({ input: 'none.txt' })).toBe(
      'none.txt: expected a file that can be read, but there is none at …/none.txt; check the path',
    );
    mkdirSync(join(cwd, 'folder'));
    expect(await refusedEncoding({ input: 'folder' })).toBe(
      'folder: expected a file that can be read, found a folder; check the path',
    );
    expect(await refusedEncoding({ input: file('nothing.txt', '') })).toBe(
      'nothing.txt: expected one text per line, got nothing; write one text on each line',
    );
  });

  it('that are not UTF-8', async () => {
    const latin1 = Buffer.from('a car\ncaf\xe9\n', 'latin1');
    expect(await refusedEncoding({ input: file('latin1.txt', latin1) })).toBe(
      'latin1.txt line 2: expected UTF-8 text, got the byte 0xE9; save the file as UTF-8',
    );
    expect(await refusedEncoding({ input: '-' }, { input: latin1 })).toBe(
      'standard input line 2: expected UTF-8 text, got the byte 0xE9; save the file as UTF-8',
    );
  });

  it('to an output that cannot be written', async () => {
    file('texts.txt', 'a car\n');
    expect(await refusedEncoding({ output: 'none/out.safetensors' })).toBe(
      'none/out.safetensors: cannot be written: there is no folder none; make it first',
    );
    expect(await refusedEncoding({ output: 'texts.txt/out.safetensors' })).toBe(
      'texts.txt/out.safetensors: cannot be written: a part of the path is not a folder',
    );
    expect(await refusedEncoding({ output: '-' })).toBe(
      '--output -: expected a file, as standard output takes none; name one that ends in .safetensors',
    );
    // Not even root writes to this one.
    expect(await refusedEncoding({ output: '/proc/sys/out.safetensors' })).toMatch(
      /^\/proc\/sys\/out\.safetensors: cannot be written: /,
    );
  });

  it.runIf(process.platform === 'linux')('into folders that the system does not let anybody make', async () => {
    const out = '/proc/kd/out';
    const tokenizers = ['--teacher-tokenizer', TEACHER, '--student-tokenizer', STUDENT];
    for (const args of [
      ['prepare', '--data', 'pairs.csv', ...tokenizers, '--out'],
      ['export', STUDENT, '--to'],
    ])
      expect(await refusal([...args, out])).toBe(`${out}: cannot be written: no such file or folder`);
  });
});

describe('flags', () => {
  it.each([
    [
      ['--optimizer', 'sgd'],
      "option '--optimizer <name>' argument 'sgd' is invalid. Allowed choices are adamw, adamw-legacy.",
    ],
    [
      ['--epochs', 'zero'],
      "option '--epochs <count>' argument 'zero' is invalid. Expected a whole number of at least 1.",
    ],
    [
      ['--batch-size', '0'],
      "option '--batch-size <pairs>' argument '0' is invalid. Expected auto or a whole number of at least 1.",
    ],
    [
      ['--max-steps', '-5'],
      "option '--max-steps <steps>' argument '-5' is invalid. Expected a whole number of at least 1.",
    ],
    [['--epoch', '3'], "unknown option '--epoch' (Did you mean --epochs?)"],
    [['--frobnicate'], "unknown option '--frobnicate'; `kd train --help` lists what exists"],
    [
      ['pairs.csv', 'b'],
      'too many arguments for \'train\': expected none, got "pairs.csv" "b"; `kd train --help` shows what it takes',
    ],
    [
      ['--seed', '\u001b[31m\n7'],
      "option '--seed <number>' argument '\\u001b[31m\\n7' is invalid. Expected a whole number from 0 to 2147483647.",
    ],
    [
      ['--optimizer', 'x'.repeat(3000)],
      `option '--optimizer <name>' argument '${'x'.repeat(1462)} … (1092 characters) … ${'x'.repeat(446)}' is ` +
        'invalid. Allowed choices are adamw, adamw-legacy.',
    ],
  ])('%j', async (flags, message) => {
    expect(await refusal(['train', ...flags])).toBe(message);
  });

  it('of texts that are empty, as from an unset shell variable; prompts may be', async () => {
    let count = 0;
    for (const command of (await createProgram()).commands) {
      for (const { flags, long = '', required, parseArg } of command.options) {
        if (!required || parseArg !== undefined || long.endsWith('negative')) continue;
        count++;
        const args = [command.name(), long, ''];
        const parsing = (await createProgram(args)).parseAsync(args, { from: 'user' });
        await expect(parsing).rejects.toThrow(
          `option '${flags}' argument '' is invalid. Expected a text that is not empty.`,
        );
      }
    }
    expect(count).toBeGreaterThan(30);
    expect(await refusal(['generate', '차', '--negative', '', '--encoder', 'none'])).toMatch(/^--encoder none: /);
  });

  it('that are missing', async () => {
    expect(await refusal(['encode'], IN_PROCESS_OF_ITS_OWN)).toBe(
      "required option '--model <name>' not specified; `kd encode --help` shows examples",
    );
  });
});
