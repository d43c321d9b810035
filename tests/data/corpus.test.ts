import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCorpus } from '../../src/data/corpus.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kd-corpus-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a corpus', () => {
  test('of several files counts pairs and drops', async () => {
    await writeFile(path.join(folder, 'b.csv'), 'ko,en\n차,car\n차,car\n,empty\n" ",space\nshort\n');
    await writeFile(path.join(folder, 'a.jsonl'), '{"ko": "사과", "en": "apple"}\n{"ko": "배", "en": null}\n');
    await writeFile(path.join(folder, 'c.txt'), '');
    const { pairs, report } = await readCorpus([folder]);
    expect(pairs.map(({ en }) => en)).toEqual(['apple', 'car', 'car']);
    expect(report).toEqual({
      files: [
        { file: path.join(folder, 'a.jsonl'), pairs: 1 },
        { file: path.join(folder, 'b.csv'), pairs: 2 },
      ],
      unrecognised: [path.join(folder, 'c.txt')],
      dropped: new Map([
        ['empty text', { count: 3, examples: ['a.jsonl:2', 'b.csv:4', 'b.csv:5'].map((at) => path.join(folder, at)) }],
        ['unreadable row', { count: 1, examples: [path.join(folder, 'b.csv:6')] }],
      ]),
    });
  });
});
