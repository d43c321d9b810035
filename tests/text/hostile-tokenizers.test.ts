/** @file Tokenizer files and texts that would take hours or all memory, if they were taken as they are. */
import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sectionSplitter } from '../../src/text/added-tokens.js';
import { InputError } from '../../src/base/errors.js';
import { compilePattern } from '../../src/text/pattern.js';
import { loadTokenizer } from '../../src/text/tokenizer.js';
import { countCpuTime } from '../cpu-time.js';

const TEACHER = path.join(import.meta.dirname, '../fixtures/parity/teacher');

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'kd-hostile-'));
});
afterAll(() => rm(root, { recursive: true }));

async function teacherWith(name: string, content: string | Buffer): Promise<string> {
  const folder = await mkdtemp(path.join(root, 'teacher-'));
  await cp(TEACHER, folder, { recursive: true });
  await writeFile(path.join(folder, name), content);
  return folder;
}

async function teacherJson(change: (json: Record<string, unknown>) => object): Promise<string> {
  const json = JSON.parse(await readFile(path.join(TEACHER, 'tokenizer.json'), 'utf8')) as Record<string, unknown>;
  return JSON.stringify(change(json));
}

describe('a pattern', () => {
  test.each([
    '([a-z]+)+!',
    '(a*)*',
    '(?:a|aa)+b',
    '(a|b|ab)*c',
    'a+a+a+b',
    '\\s*a\\s*b',
    '\\s+$',
    '[ab]+(?![abc])',
    '(?=a+)b',
    `${'a?'.repeat(30)}b`,
    '(?:a{1,30}){1,30}b',
    'a*',
    '',
    '[[:alpha:]]',
    '.+',
    '(a',
    'a)',
    '[a',
    '\\p{L',
    'a**',
    '(?<n>a)',
    '\\bx',
    `${'('.repeat(100)}a${')'.repeat(100)}`,
  ])('%j is refused in one line', (regex) => {
    expect(() => compilePattern({ Regex: regex })).toThrow(InputError);
    expect(() => compilePattern({ Regex: regex })).toThrow(
      /^[^\n]*expected a pattern as CLIP, BERT and RoBERTa have it, got [^\n]*$/,
    );
  });

  test.each([
    "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
    "'s|'t| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    '\\s+',
    '(?:a|b)c',
    '\\p{N}{1,3}',
  ])('%j is accepted, and matches 400,000 characters in seconds', (regex) => {
    const patternOf = compilePattern({ Regex: regex });
    const computed = countCpuTime();
    for (const text of [' '.repeat(400_000), `${' '.repeat(400_000)}a`, 'a'.repeat(400_000), "a' ".repeat(130_000)]) {
      text.match(patternOf(text));
    }
    expect(computed()).toBeLessThan(5000);
  });
});

describe('a text', () => {
  test('of 200,000 blanks before tokens that include them is split quickly', () => {
    const flags = { single_word: false, normalized: false, special: true };
    const split = sectionSplitter(
      [
        { id: 1, content: '<l>', ...flags, lstrip: true, rstrip: true },
        { id: 2, content: 'word', ...flags, single_word: true },
        { id: 3, content: ' ', ...flags, lstrip: true, rstrip: true },
      ],
      (text) => text,
    );
    const blanks = ' '.repeat(200_000);
    const computed = countCpuTime();
    expect(split(`a${blanks}<l>`).at(-1)).toBe(1);
    expect(split('word'.repeat(50_000))).toHaveLength(1);
    expect(split(`${blanks}x`).at(-1)).toBe('x');
    expect(computed()).toBeLessThan(5000);
  });

  test('that begins like a long token at every position is split quickly', () => {
    const split = sectionSplitter([{ id: 1, content: `${'a'.repeat(999)}b`, normalized: false }], (text) => text);
    const computed = countCpuTime();
    expect(split('a'.repeat(100_000))).toHaveLength(1);
    expect(computed()).toBeLessThan(10_000);
  });

  test('of one word of a megabyte is encoded in seconds, and is not cached', { timeout: 60_000 }, async () => {
    for (const role of ['teacher', 'student']) {
      const tokenizer = await loadTokenizer(path.join(TEACHER, '..', role));
      const computed = countCpuTime();
      expect(tokenizer.encode('가나다'.repeat(120_000)).length).toBeGreaterThan(2);
      expect(computed()).toBeLessThan(30_000);
    }
  });
});

describe('a file is refused in one line', () => {
  test('that has a million added tokens, or very long ones', { timeout: 30_000 }, async () => {
    const tokens = Array.from({ length: 60_000 }, (_, id) => ({ id: 2000 + id, content: `<t${id}>` }));
    const many = await teacherWith('tokenizer.json', await teacherJson((json) => ({ ...json, added_tokens: tokens })));
    await expect(loadTokenizer(many)).rejects.toThrow(
      /tokenizer\.json: expected at most 50000 added tokens, got 60000/,
    );
    const added = Object.fromEntries(tokens.map(({ id, content }) => [content, id]));
    const older = await teacherWith('added_tokens.json', JSON.stringify(added));
    await expect(loadTokenizer(older)).rejects.toThrow(/expected at most 50000 added tokens .*, got more/);
    const long = await teacherWith('added_tokens.json', JSON.stringify({ ['x'.repeat(2000)]: 2000 }));
    await expect(loadTokenizer(long)).rejects.toThrow(
      /expected added tokens of at most 1000 characters, got one of 2000/,
    );
  });

  test('that is deeply nested, ten million times', async () => {
    for (const name of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'vocab.json']) {
      const folder = await teacherWith(name, Buffer.alloc(10_000_000, '{"a":['));
      if (name === 'vocab.json') await rm(path.join(folder, 'tokenizer.json'));
      await expect(loadTokenizer(folder)).rejects.toThrow(`${name}: expected JSON of at most 127 levels, got more`);
    }
  });

  test('of a gigabyte, which is not read', async () => {
    for (const name of ['tokenizer.json', 'added_tokens.json', 'tokenizer_config.json']) {
      const folder = await teacherWith(name, '{');
      const file = await open(path.join(folder, name), 'r+');
      await file.truncate(2 ** 30);
      await file.close();
      await expect(loadTokenizer(folder)).rejects.toThrow(/expected at most 67,108,864 bytes, found 1,073,741,824/);
    }
  });

  test('that is a pipe or a folder, or not UTF-8', async () => {
    const pipe = await teacherWith('unused', '');
    await rm(path.join(pipe, 'tokenizer.json'));
    execFileSync('mkfifo', [path.join(pipe, 'tokenizer.json')]);
    await expect(loadTokenizer(pipe)).rejects.toThrow(/tokenizer\.json: expected a file, found a named pipe/);
    const latin = await teacherWith('tokenizer_config.json', Buffer.from('{"pad_token": "caf\xe9"}', 'latin1'));
    await expect(loadTokenizer(latin)).rejects.toThrow(
      /tokenizer_config\.json: expected UTF-8, got bytes that are not/,
    );
  });

  test('whose words may be so long that WordPiece would take hours', async () => {
    const model = { type: 'WordPiece', unk_token: 'a', continuing_subword_prefix: '##', vocab: { a: 0 } };
    const changed = { ...model, max_input_chars_per_word: 1_000_000 };
    const folder = await teacherWith('tokenizer.json', await teacherJson((json) => ({ ...json, model: changed })));
    await expect(loadTokenizer(folder)).rejects.toThrow(
      /expected a whole number from 0 to 1000, got 1000000 \(model\.max_input_chars_per_word\)/,
    );
  });
});
