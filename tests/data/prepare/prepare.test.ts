import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DropReason } from '../../../src/data/prepare/drop-reasons.js';
import { InputError } from '../../../src/base/errors.js';
import { checksums, generate, newFolder, prepareInto, readTexts, writePairs, WORDS } from './support.js';

const ROWS = 2000;
const corpora = generate(ROWS);

describe('headers among the rows', () => {
  const PAIRS = [
    ['빨간 공', 'a red ball'],
    ['파란 컵', 'a blue cup'],
    ['노란 차', 'a yellow car'],
    ['한국어', 'Korean'],
    ['영어', 'English'],
  ];
  const joined = (...headers: string[][]): string => headers.flatMap((header) => [header, ...PAIRS]).join('\n');

  test.each([
    ['ko', 'en'],
    ['한국어', '영어'],
    ['원문', '번역문'],
    ['원문', '번역'],
    ['Korean', 'English'],
    ['국문 문장', '영문 문장'],
  ])('%s and %s, of concatenated files, are counted', async (ko, en) => {
    const folder = newFolder();
    writeFileSync(path.join(folder, 'a.csv'), joined([ko, en], [` ${ko}`, en.toUpperCase()], [`\ufeff${ko}`, en]));
    const { total, examples } = await prepareInto(newFolder(), [folder]);
    expect(total.dropped).toEqual({ repeated_header: 2, duplicate_pair: 10 });
    expect(examples.repeated_header).toEqual([`${folder}/a.csv:7`, `${folder}/a.csv:13`]);
    expect(total.training + total.validation).toBe(PAIRS.length);
  });

  test('of another kind or order, or with columns that the user named, are counted', async () => {
    const folder = newFolder();
    writeFileSync(path.join(folder, 'a.csv'), joined(['ko', 'en'], ['원문', '번역문'], ['영어', '한국어']));
    expect((await prepareInto(newFolder(), [folder])).total.dropped.repeated_header).toBe(2);
    writeFileSync(path.join(folder, 'a.csv'), joined(['왼쪽', '오른쪽'], ['왼쪽', '오른쪽']));
    const names = { ko: '왼쪽', en: '오른쪽' };
    expect((await prepareInto(newFolder(), [folder], {}, WORDS, names)).total.dropped.repeated_header).toBe(1);
  });
});

describe('generated corpora with planted faults', () => {
  test('are counted by reason and corpus as they were planted', async () => {
    const { total, corpora: counts, examples } = await prepareInto(newFolder(), [corpora.folder]);
    const { planted, rows, clean, corpora: plantedCorpora } = corpora.planted;
    expect(total.read).toBe(rows);
    expect(total.dropped).toEqual({
      unreadable: planted.badRow,
      empty: planted.emptyKorean + planted.emptyEnglish + planted.blank + planted.missing,
      identical: planted.sameText,
      no_hangul: planted.noHangul,
      duplicate_pair: planted.exactDuplicate + planted.foldedDuplicate,
      duplicate_ko: planted.sameKorean,
      duplicate_en: planted.sameEnglish,
      too_long: planted.longEnglish + planted.longKorean,
    });
    expect(total.training + total.validation).toBe(clean);
    expect(Object.fromEntries(counts.map(({ corpus, read }) => [corpus, read]))).toEqual(
      Object.fromEntries(Object.entries(plantedCorpora).map(([corpus, { rows: count }]) => [corpus, count])),
    );
    for (const [reason, places] of Object.entries(examples))
      expect(places.length, reason).toBe(Math.min(10, total.dropped[reason as DropReason]!));
    expect(examples.empty!.every((place) => /\.(xlsx|csv|json):\d+$/.test(place))).toBe(true);
  });

  test('give the same store, bit for bit, whatever the names and order of the files, zipped or not', async () => {
    const [asIs, renamed, zipped] = [newFolder(), newFolder(), newFolder()];
    await prepareInto(asIs, [corpora.folder]);

    const copy = newFolder();
    cpSync(corpora.folder, copy, { recursive: true });
    const folders = readdirSync(copy)
      .filter((name) => !name.includes('.json'))
      .map((name) => path.join(copy, name));
    for (const folder of folders) {
      const books = readdirSync(folder)
        .filter((name) => name.endsWith('.xlsx'))
        .sort();
      books.forEach((name, i) => {
        renameSync(path.join(folder, name), path.join(folder, `book ${books.length - i}.xlsx`));
      });
    }
    await prepareInto(renamed, folders.reverse());
    await prepareInto(zipped, [generate(ROWS, '--zip').folder]);

    expect(checksums(asIs)).toHaveLength(3);
    expect(checksums(renamed)).toEqual(checksums(asIs));
    expect(checksums(zipped)).toEqual(checksums(asIs));
  });

  test('are truncated if asked, and then not dropped', async () => {
    const { total, cut } = await prepareInto(newFolder(), [corpora.folder], { long: 'truncate' });
    const { planted, clean } = corpora.planted;
    expect(total.dropped.too_long).toBeUndefined();
    expect(total.training + total.validation).toBe(clean + planted.longEnglish + planted.longKorean);
    expect(cut).toEqual({
      teacher_en: planted.longEnglish,
      student_en: planted.longEnglish,
      student_ko: planted.longKorean,
    });
  });
});

describe('a sample', () => {
  const pairs = Array.from({ length: 3000 }, (_, i): [string, string] => [
    `한국어 문장 ${i}`,
    i % 10 === 0 ? `long ${'word '.repeat(80)} ${i}` : `sentence ${i}`,
  ]);
  const file = writePairs(pairs);
  const sampled = async (samples: number): Promise<{ all: string[]; training: string[] }> => {
    const out = newFolder();
    await prepareInto(out, [file], { samples });
    const { training, validation } = await readTexts(out);
    return { all: [...training, ...validation].map(([ko]) => ko), training: training.map(([ko]) => ko) };
  };

  test('has the requested number of pairs, even if long ones are dropped, and the rest is counted', async () => {
    const { total } = await prepareInto(newFolder(), [file], { samples: 1000 });
    expect(total.training + total.validation).toBe(1000);
    expect(total.dropped.too_long! + total.not_sampled).toBe(2000);
  });

  test('is contained in every larger one, in the same split', async () => {
    const [small, large] = [await sampled(200), await sampled(1000)];
    const inLarge = new Set(large.all);
    expect(small.all).toHaveLength(200);
    expect(small.all.every((ko) => inLarge.has(ko))).toBe(true);
    expect(large.training.slice(0, small.training.length)).toEqual(small.training);
  });

  test('is uniform: every tenth of the file contributes its share', async () => {
    const { all } = await sampled(1000);
    const byTenth = new Uint32Array(10);
    for (const ko of all) byTenth[Math.floor(Number(ko.split(' ')[2]) / 300)]++;
    for (const count of byTenth) expect(Math.abs(count - 100)).toBeLessThan(45); // 5 sigma
  });

  test('of more pairs than exist is all of them', async () => {
    const { total } = await prepareInto(newFolder(), [file], { samples: 50_000 });
    expect([total.training + total.validation, total.not_sampled]).toEqual([2700, 0]);
  });
});

describe('the split', () => {
  test('has no text in both splits, even if duplicates are kept', async () => {
    const pairs = Array.from({ length: 2000 }, (_, i): [string, string] => [
      `한국어 ${Math.floor(i / 3)}`,
      `english ${i % 1500}`,
    ]);
    const out = newFolder();
    await prepareInto(out, [writePairs(pairs)], { keepDuplicates: ['pair', 'ko', 'en'] });
    const { training, validation } = await readTexts(out);
    expect(training.length + validation.length).toBe(2000);
    const trained = new Set(training.flat());
    expect(validation.length).toBeGreaterThan(0);
    expect(validation.flat().filter((text) => trained.has(text))).toEqual([]);
  });

  test.each([2, 3, 5, 8])('leaves neither split empty with %d pairs', async (count) => {
    for (const seed of [1, 2, 3, 4]) {
      const pairs = Array.from({ length: count }, (_, i): [string, string] => [`차 ${i}`, `car ${i}`]);
      const { total } = await prepareInto(newFolder(), [writePairs(pairs)], { seed });
      expect(total.training).toBeGreaterThan(0);
      expect(total.validation).toBeGreaterThan(0);
      expect(total.training + total.validation).toBe(count);
    }
  });
});

test('without shuffling, files keep their order, the last pairs validate, only empty texts are dropped', async () => {
  const pairs: [string, string][] = [
    ['나', 'b'],
    ['가', 'a'],
    ['', 'x'],
    ['가', 'a'],
    ['same', 'same'],
    ['다', `long ${'word '.repeat(80)}`.trim()],
  ];
  const out = newFolder();
  const { total, cut } = await prepareInto(out, [writePairs(pairs)], { shuffle: false });
  expect(total).toMatchObject({ read: 6, dropped: { empty: 1 }, training: 4, validation: 1 });
  expect(cut.teacher_en).toBe(1);
  const { training, validation } = await readTexts(out);
  expect(training).toEqual([pairs[0], pairs[1], pairs[3], pairs[4]]);
  expect(validation).toEqual([pairs[5]]);
});

describe('what cannot be prepared is reported in one line', () => {
  const refused = async (work: Promise<unknown>): Promise<string> => {
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  };

  test('data without a usable pair, leaving nothing behind', async () => {
    const out = path.join(newFolder(), 'deep/er');
    const file = writePairs([
      ['', 'x'],
      ['same', 'same'],
    ]);
    expect(await refused(prepareInto(out, [file]))).toBe(
      `${file}: expected pairs of texts, got 2 rows of which none is of use (1 empty text, 1 same text on both ` +
        'sides); add rows with both texts',
    );
    expect(readdirSync(path.join(out, '../..'))).toEqual([]);
  });

  test('a folder with other contents, which is unchanged', async () => {
    const out = newFolder();
    writeFileSync(path.join(out, 'thesis.txt'), 'years of work');
    expect(await refused(prepareInto(out, [writePairs([['차', 'car']])]))).toBe(
      `${out}: expected an empty folder or a token store, got one with thesis.txt in it; name another folder`,
    );
    expect(readFileSync(path.join(out, 'thesis.txt'), 'utf8')).toBe('years of work');
  });

  test('numbers out of range', async () => {
    const file = writePairs([['차', 'car']]);
    expect(await refused(prepareInto(newFolder(), [file], { validFraction: 1 }))).toBe(
      '--valid-fraction: expected a number from 0 to below 1, got 1',
    );
    expect(await refused(prepareInto(newFolder(), [file], { samples: 0 }))).toBe(
      '--samples: expected a whole number from 1, got 0',
    );
  });
});

test('a store is replaced by the next one, or unchanged if that fails', async () => {
  const out = newFolder();
  await prepareInto(out, [
    writePairs([
      ['차', 'car'],
      ['개', 'dog'],
    ]),
  ]);
  const before = checksums(out);
  await prepareInto(out, [writePairs([['', 'x']])]).catch(() => undefined);
  expect(checksums(out)).toEqual(before);
  await prepareInto(
    out,
    [
      writePairs([
        ['배', 'ship'],
        ['말', 'horse'],
      ]),
    ],
    { validFraction: 0 },
  );
  expect((await readTexts(out)).training.map(([, en]) => en).sort()).toEqual(['horse', 'ship']);
  expect(readdirSync(out).sort()).toEqual(['manifest.json', 'report.json', 'training-00000.arrow']);
});
