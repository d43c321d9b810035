import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTokenizer, TOKENIZER_FILES, type TextTokenizer } from '../../src/text/tokenizer.js';
import { MAX_LENGTH } from '../../src/text/max-length.js';

const PARITY = path.join(import.meta.dirname, '../fixtures/parity');
const OLDER_FILES = { teacher: ['vocab.json', 'merges.txt'], student: ['vocab.txt'] };

interface ParityCase {
  text: string;
  teacher: { length: number; ids: number[] };
  student: { length: number; ids: number[] };
}

interface NastyText {
  text: string;
  teacher: number[];
  student: number[];
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kd-tokenizer-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function readJson<T>(...names: string[]): Promise<T> {
  return JSON.parse(await readFile(path.join(...names), 'utf8')) as T;
}

/** A copy of a fixture tokenizer with some of its files, and with its tokenizer.json changed. */
async function copyTokenizer(
  role: 'teacher' | 'student',
  files: readonly string[],
  change: (json: Record<string, unknown>) => object = (json) => json,
): Promise<string> {
  const copy = await mkdtemp(path.join(folder, role));
  for (const file of files) await cp(path.join(PARITY, role, file), path.join(copy, file));
  if (files.includes('tokenizer.json')) {
    const json = change(await readJson(copy, 'tokenizer.json'));
    await writeFile(path.join(copy, 'tokenizer.json'), JSON.stringify(json));
  }
  return copy;
}

/** The ids without padding, of a text that is not cut. */
function unpadded(tokenizer: TextTokenizer, text: string): number[] {
  const { ids, length } = tokenizer.encode(text);
  return [...ids.subarray(0, length)];
}

describe('the 60 parity texts', () => {
  const folders = {
    teacher: { 'tokenizer.json': 'teacher', 'merges as pairs': 'variants/teacher-tokenizer-merge-pairs' },
    student: { 'tokenizer.json': 'student' },
  };
  for (const role of ['teacher', 'student'] as const) {
    for (const [kind, name] of Object.entries(folders[role])) {
      test(`give Python's ids with the ${role}'s ${kind}`, async () => {
        await expectParity(await loadTokenizer(path.join(PARITY, name)), role);
      });
    }
    test(`give Python's ids with the ${role}'s ${OLDER_FILES[role].join(' and ')}`, async () => {
      const older = await copyTokenizer(role, [...OLDER_FILES[role], 'tokenizer_config.json']);
      await expectParity(await loadTokenizer(older), role);
    });
  }

  async function expectParity(tokenizer: TextTokenizer, role: 'teacher' | 'student'): Promise<void> {
    const { cases } = await readJson<{ cases: ParityCase[] }>(PARITY, 'tokens.json');
    expect(cases).toHaveLength(60);
    for (const expected of cases) {
      const { ids, length } = tokenizer.encode(expected.text);
      expect({ text: expected.text, length, ids: [...ids] }).toEqual({ text: expected.text, ...expected[role] });
    }
  }
});

describe('200 texts that trip tokenizers up', () => {
  // Ids by Python's `tokenizers` 0.23.3: case that depends on the language or place, Hangul and marks in all forms,
  // characters of the newest Unicode versions, controls, invisible characters, special tokens written in the text.
  for (const role of ['teacher', 'student'] as const) {
    test(`give Python's ids with the ${role}`, async () => {
      const tokenizer = await loadTokenizer(path.join(PARITY, role));
      const texts = await readJson<NastyText[]>(import.meta.dirname, 'nasty-texts.json');
      expect(texts).toHaveLength(200);
      for (const expected of texts) {
        const { ids, length } = tokenizer.encode(expected.text);
        expect({ text: expected.text, length }).toEqual({ text: expected.text, length: expected[role].length });
        if (length <= MAX_LENGTH) {
          expect({ text: expected.text, ids: [...ids.subarray(0, length)] }).toEqual({
            text: expected.text,
            ids: expected[role],
          });
        }
      }
    });
  }
});

describe('an encoding', () => {
  let student: TextTokenizer;
  beforeAll(async () => {
    student = await loadTokenizer(path.join(PARITY, 'student'));
  });

  test('keeps the closing special token when the text is truncated', () => {
    const { ids, length } = student.encode('그림 '.repeat(100));
    expect(length).toBe(102);
    expect(ids).toHaveLength(77);
    expect([ids[0], ids[76]]).toEqual([0, 2]);
    expect(ids.indexOf(student.padId)).toBe(-1);
  });

  test('is written to its own place and nowhere else', () => {
    const target = new Int32Array(3 * MAX_LENGTH).fill(-7);
    const length = student.encodeInto('그림', target, MAX_LENGTH);
    expect([...target.subarray(MAX_LENGTH, 2 * MAX_LENGTH)]).toEqual([...student.encode('그림').ids]);
    expect(length).toBe(3);
    expect(new Set([...target.subarray(0, MAX_LENGTH), ...target.subarray(2 * MAX_LENGTH)])).toEqual(new Set([-7]));
  });

  test('treats a lone surrogate as the replacement character', async () => {
    const teacher = await loadTokenizer(path.join(PARITY, 'teacher'));
    expect(teacher.encode('a\ud800b')).toEqual(teacher.encode('a\ufffdb'));
  });

  test('of 300,000 letters without a space does not run out of stack', async () => {
    const teacher = await loadTokenizer(path.join(PARITY, 'teacher'));
    expect(teacher.encode('가'.repeat(100_000)).length).toBeGreaterThan(100_000);
  });

  test('does not change when the cache of words has been emptied', () => {
    const before = unpadded(student, '강아지 그림');
    for (let i = 0; i < 70_000; i++) student.encode(`w${i}`);
    expect(unpadded(student, '강아지 그림')).toEqual(before);
  });
});

describe('a tokenizer', () => {
  test('knows its padding and the number of its ids', async () => {
    const teacher = await loadTokenizer(path.join(PARITY, 'teacher'));
    const student = await loadTokenizer(path.join(PARITY, 'student'));
    expect([teacher.maxLength, teacher.padId, teacher.vocabSize]).toEqual([77, 1114, 1115]);
    expect([student.maxLength, student.padId, student.vocabSize]).toEqual([77, 1, 649]);
  });

  test('pads with the token in special_tokens_map.json if tokenizer_config.json names none', async () => {
    const copy = await copyTokenizer('teacher', ['tokenizer.json']);
    await writeFile(path.join(copy, 'special_tokens_map.json'), '{"pad_token": {"content": "!", "lstrip": false}}');
    expect((await loadTokenizer(copy)).padId).toBe(0);
  });

  test("pads with its family's own token if no file names one", async () => {
    expect((await loadTokenizer(await copyTokenizer('teacher', ['tokenizer.json']))).padId).toBe(1114);
    expect((await loadTokenizer(await copyTokenizer('student', ['vocab.txt']))).padId).toBe(1);
  });

  test('has another fingerprint when any of its files differs', async () => {
    const copy = await copyTokenizer(
      'student',
      TOKENIZER_FILES.filter((file) => !/json$|merges/.test(file)),
    );
    const { fingerprint } = await loadTokenizer(copy);
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    await writeFile(path.join(copy, 'tokenizer_config.json'), '{"do_lower_case": false}');
    expect((await loadTokenizer(copy)).fingerprint).not.toBe(fingerprint);
  });
});

describe('bad input is reported in one line', () => {
  const parts = ['tokenizer.json', 'tokenizer_config.json'];

  test('for a missing folder, and for a file', async () => {
    await expect(loadTokenizer(path.join(folder, 'nowhere'))).rejects.toThrow(
      /nowhere: expected a model folder, got ENOENT/,
    );
    await expect(loadTokenizer(path.join(PARITY, 'tokens.json'))).rejects.toThrow(
      /tokens\.json: expected a model folder, got a file/,
    );
  });

  test('for a folder without a tokenizer', async () => {
    const copy = await copyTokenizer('teacher', ['merges.txt']);
    await expect(loadTokenizer(copy)).rejects.toThrow(
      `${copy}: expected a tokenizer.json, a vocab.txt, or a vocab.json with merges.txt, got none of them; copy ` +
        `the tokenizer's files there`,
    );
  });

  test('for a tokenizer.json that is not JSON', async () => {
    const copy = await copyTokenizer('teacher', parts);
    await writeFile(path.join(copy, 'tokenizer.json'), '{"model": ');
    await expect(loadTokenizer(copy)).rejects.toThrow(/tokenizer\.json: expected JSON, got .+; get the file again$/);
  });

  test('for a model of another kind', async () => {
    const copy = await copyTokenizer('teacher', parts, (json) => ({ ...json, model: { type: 'Neural' } }));
    await expect(loadTokenizer(copy)).rejects.toThrow(
      /expected a model of type BPE, WordPiece, Unigram, WordLevel, got Neural; use a checkpoint with one of them$/,
    );
  });

  test('for a normalizer, a pre_tokenizer, a pattern and a post_processor of another kind', async () => {
    const cases: [object, RegExp][] = [
      [{ normalizer: { type: 'Reverse' } }, /expected a normalizer as CLIP, BERT and RoBERTa have it, got Reverse;/],
      [{ pre_tokenizer: { type: 'Halves' } }, /expected a pre_tokenizer as .*, got Halves;/],
      [
        { pre_tokenizer: { type: 'FixedLength', length: 0 } },
        /expected a whole number of at least 1, got 0 \(pre_tokenizer\.length\); get the file again/,
      ],
      [
        { normalizer: { type: 'Replace', pattern: { Regex: '(?i:a)\\b' }, content: '' } },
        /expected a pattern as .*, got "\(\?i:a\)\\b"/,
      ],
      [
        { post_processor: { type: 'Odd' } },
        /expected a tokenizer of the CLIP, BERT or RoBERTa kind, got another \(.*Odd\); use a checkpoint with one of them$/,
      ],
    ];
    for (const [change, message] of cases) {
      const copy = await copyTokenizer('teacher', parts, (json) => ({ ...json, ...change }));
      await expect(loadTokenizer(copy)).rejects.toThrow(message);
    }
  });

  test('for a pad token that the vocabulary lacks, or padding on the left', async () => {
    const copy = await copyTokenizer('teacher', parts);
    await writeFile(path.join(copy, 'tokenizer_config.json'), '{"pad_token": "<nothing>"}');
    await expect(loadTokenizer(copy)).rejects.toThrow(/expected a pad token of the vocabulary, got <nothing>;/);
    await writeFile(path.join(copy, 'tokenizer_config.json'), '{"padding_side": "left"}');
    await expect(loadTokenizer(copy)).rejects.toThrow(
      /expected a tokenizer that pads and cuts on the right, got one for the left; use a checkpoint that does$/,
    );
  });
});
