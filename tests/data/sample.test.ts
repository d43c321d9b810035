import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CorpusName } from '../../src/data/corpus-name.js';
import { isUnreadable, type Pair } from '../../src/data/pair.js';
import type { SkippedFile } from '../../src/data/skipped-file.js';
import { findSources, readSource, type Shape } from '../../src/data/sources.js';
import { loadTokenizer } from '../../src/text/tokenizer.js';

const ROOT = path.join(import.meta.dirname, '../..');
const DATA = path.join(ROOT, 'data');
/** The folders that belong to the project; others in `data` may be the user's. */
const FOLDERS = ['sample', 'tiny'];

let corpus: {
  pairs: Pair[];
  files: [file: string, shape: Shape, corpus: CorpusName, pairs: number][];
  skipped: readonly SkippedFile[];
};
beforeAll(async () => {
  corpus = await readAll(FOLDERS.map((folder) => path.join(DATA, folder)));
});

/** All pairs, none of which may be unreadable. */
async function readAll(folders: readonly string[]): Promise<typeof corpus> {
  const { sources, skipped } = await findSources(folders);
  const pairs: Pair[] = [];
  const files: typeof corpus.files = [];
  for (const source of sources) {
    const before = pairs.length;
    for await (const row of readSource(source)) {
      if (isUnreadable(row)) throw new Error(`${row.file}:${row.row}: ${row.fault}`);
      pairs.push(row);
    }
    files.push([path.relative(DATA, source.id), source.shape, source.corpus, pairs.length - before]);
  }
  return { pairs, files, skipped };
}

describe('the sample', () => {
  test(
    'comes in the four shapes of the corpora, including an archive, and the models beside it are not taken ' +
      'for pairs',
    () => {
      expect(corpus.files).toEqual([
        ['sample/1_구어체.xlsx', 'workbook', 'parallel', 1120],
        ['sample/1113_tech_train_set_640.csv', 'csv', 'technology', 640],
        ['sample/1113_social_train_set_320.json', 'json', 'social-science', 320],
        ['sample/방송콘텐츠.zip/Training/TL_그림/BC00000000.json', 'json-files', 'broadcast', 214],
        ['sample/방송콘텐츠.zip/Validation/VL_그림/BC00000002.json', 'json-files', 'broadcast', 106],
      ]);
      expect(corpus.skipped).toEqual([]);
    },
  );

  test('has Hangul only in its Korean texts, even in files that were translated from English', () => {
    const isHangul = (text: string): boolean => /\p{Script=Hangul}/u.test(text);
    expect(corpus.pairs.filter(({ ko, en }) => !isHangul(ko) || isHangul(en))).toEqual([]);
  });

  test('has no text twice', () => {
    expect(new Set(corpus.pairs.map(({ ko }) => ko)).size).toBe(2400);
    expect(new Set(corpus.pairs.map(({ en }) => en)).size).toBe(2400);
  });

  test('has the article that fits the next sound', () => {
    const articles = corpus.pairs.flatMap(({ en }) => [...en.matchAll(/\b(an?) ((?:uni|hour|[aeiou])?)/g)]);
    const wrong = articles.filter(([, article, start]) => (article === 'an') !== (start !== '' && start !== 'uni'));
    expect(articles.length).toBeGreaterThan(2400);
    expect(wrong.map((match) => match.input)).toEqual([]);
    expect(articles.some(([, , start]) => start === 'uni') && articles.some(([, , start]) => start === 'hour')).toBe(
      true,
    );
  });

  test('has the particle that fits the last sound', () => {
    const finalConsonant = (syllable: string) => (syllable.charCodeAt(0) - 0xac00) % 28 !== 0;
    const particles = corpus.pairs.flatMap(({ ko }) => [...ko.matchAll(/(?<!마)([가-힣])([을를와])(?= )/g)]);
    const wrong = particles.filter(([, before, particle]) => finalConsonant(before) !== (particle === '을'));
    expect(particles.length).toBeGreaterThan(500);
    expect(wrong.map((match) => match.input)).toEqual([]);
  });

  test('is generated again with the same bytes', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'kd-sample-'));
    await promisify(execFile)(process.execPath, [path.join(ROOT, 'scripts/sample/generate.mjs'), folder]);
    const written = await filesOf(folder);
    expect(written).toEqual(await filesOf(DATA));
    expect(written.length).toBeGreaterThan(12);
    for (const file of written) {
      const [anew, kept] = await Promise.all([folder, DATA].map((where) => readFile(path.join(where, file))));
      expect(`${file} ${anew.equals(kept)}`).toBe(`${file} true`);
    }
    await rm(folder, { recursive: true });
  });
});

describe('the tiny models', () => {
  test.each(['teacher', 'student'])('have a %s whose tokenizer knows every word of the sample', async (role) => {
    const folder = path.join(DATA, 'tiny', role);
    const tokenizer = await loadTokenizer(folder);
    const { vocab_size: vocabSize } = JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8')) as {
      vocab_size: number;
    };
    expect(tokenizer.vocabSize).toBe(vocabSize);
    const texts = corpus.pairs.flatMap(({ ko, en }) => (role === 'teacher' ? [en] : [ko, en]));
    const encodings = texts.map((text) => tokenizer.encode(text));
    expect(Math.max(...encodings.map(({ length }) => length))).toBeLessThan(40);
    const unknown = role === 'student' ? 3 : -1; // a byte-level vocabulary has none
    expect(encodings.some(({ ids }) => ids.includes(unknown))).toBe(false);
  });

  test('are small', async () => {
    for (const role of ['teacher', 'student']) {
      expect((await stat(path.join(DATA, 'tiny', role, 'model.safetensors'))).size).toBeLessThan(600_000);
    }
  });
});

async function filesOf(data: string): Promise<string[]> {
  const names = await Promise.all(
    FOLDERS.map(async (folder) => {
      const entries = await readdir(path.join(data, folder), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(data, path.join(entry.parentPath, entry.name)));
    }),
  );
  return names.flat().sort();
}
