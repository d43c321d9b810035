import { describe, expect, test } from 'vitest';
import { readingFolder } from '../reading.js';

const { put, read, find, expectError } = readingFolder();

const CAR = ['차', 'car'];
const texts = async (content: string | Buffer, names = {}, file = 'a.csv'): Promise<string[][]> => {
  await put(file, content);
  return (await read([file], names)).map((row) => row.slice(0, row.length === 2 ? 1 : 2));
};

describe('a separator', () => {
  test.each([',', ';', '\t', '|'])('%j is detected from the header, whatever is in the texts', async (mark) => {
    const rows = `한국어${mark}영어\n차${mark}"a; b, c | d"\n배${mark}pear\n`;
    expect(await texts(rows)).toEqual(
      [
        ['차', mark === '\t' ? '"a; b, c | d"' : 'a; b, c | d'],
        ['배', 'pear'],
      ].map(([ko, en]) => [ko, en.replaceAll(mark === '\t' ? /^"|"$/g : '\0', '')]),
    );
    expect(await texts(`sep=${mark}\r\nid${mark}ko${mark}en\r\n1${mark}차${mark}car\r\n`)).toEqual([CAR]);
  });

  test('at the end of some rows does not add a field', async () => {
    expect(await texts('ko,en\n차,car,\n배,pear,,\n')).toEqual([CAR, ['배', 'pear']]);
    expect(await texts('ko,en,\n차,car\n배,pear,\n')).toEqual([CAR, ['배', 'pear']]);
    expect((await texts('ko,en\n차,car,x\n'))[0]).toEqual([expect.stringMatching(/^expected 2 fields, got 3/)]);
  });

  test('is found below titles, with any line endings', async () => {
    expect(await texts('2024 corpus\n\n"a title, with a comma"\nko,en\n차,car\n')).toEqual([CAR]);
    expect(await texts('ko,en\r차,car\r배,pear')).toEqual([CAR, ['배', 'pear']]);
  });
});

describe('backslashes', () => {
  test('escape quotes and separators if only that makes sense of a row, and of the rows after it', async () => {
    expect(await texts('ko,en\n배,pear\n"그는 \\"네\\"","\\"Yes\\", he said"\n"끝","a \\"b\\""\n')).toEqual([
      ['배', 'pear'],
      ['그는 "네"', '"Yes", he said'],
      ['끝', 'a "b"'],
    ]);
    expect(await texts('ko,en\n안녕\\, 하세요,Hello\\, you\n차,car\n')).toEqual([['안녕, 하세요', 'Hello, you'], CAR]);
  });

  test('are literal elsewhere', async () => {
    expect(await texts('ko,en\n"C:\\차\\","a ""b"" \\n"\n차,car\n')).toEqual([['C:\\차\\', 'a "b" \\n'], CAR]);
  });
});

describe('backslashes are interpreted by what follows', () => {
  test('and so disappear from earlier rows, too', async () => {
    const before = Array.from({ length: 30_000 }, (_, i) => `길 ${i},C:\\\\dir ${i}`);
    const rows = await texts(`ko,en\n${before.join('\n')}\n"그는 \\"네\\"","\\"Yes\\", he said"\n`);
    expect([rows[0], rows.at(-1)]).toEqual([
      ['길 0', 'C:\\dir 0'],
      ['그는 "네"', '"Yes", he said'],
    ]);
  });

  test('even if fields are never quoted', async () => {
    const rows = 'ko,en\n차,C:\\\\car\n그는 \\"네\\" 했다,He said \\"yes\\"\n';
    const expected = [
      ['차', 'C:\\car'],
      ['그는 "네" 했다', 'He said "yes"'],
    ];
    expect(await texts(rows)).toEqual(expected);
    expect(await texts(rows.replaceAll(',', '\t'), {}, 'a.tsv')).toEqual(expected);
    expect(await texts('ko,en\n차,"C:\\dir\\"\n배,say "hi" to \\"\n')).toEqual([
      ['차', 'C:\\dir\\'],
      ['배', 'say "hi" to \\"'],
    ]);
  });

  test('in a tab-separated file with rows of up to a mebibyte, on one line or many, beside longer ones', async () => {
    const long = '가'.repeat(100_000);
    const lines = Array.from({ length: 400 }, () => '나'.repeat(300)).join('\\\n');
    const rows = [`${long}\tsay \\"yes\\"`, `${lines}\tlines`, `${'다'.repeat(1 << 19)}\ttoo long`, '차\tC:\\\\car'];
    expect(await texts(`ko\ten\n${rows.join('\n')}\n`, {}, 'a.tsv')).toEqual([
      [long, 'say "yes"'],
      [lines.replaceAll('\\', ''), 'lines'],
      ['expected a row of at most 1 MiB, got a longer one; shorten it'],
      ['차', 'C:\\car'],
    ]);
  });

  test('before line breaks, even in the last field, but not at the end of a path', async () => {
    const rows = ['줄\\\n둘,say \\"two\\"\\\nlines', '차,a\\, b', '배,C:\\', '감,x'];
    expect(await texts(`ko,en\n${rows.join('\n')}\n`)).toEqual([
      ['줄\n둘', 'say "two"\nlines'],
      ['차', 'a, b'],
      ['배', 'C:\\'],
      ['감', 'x'],
    ]);
    const many = Array.from({ length: 40_000 }, (_, i) => `"줄 ${i}",two\\\nlines ${i}`);
    expect((await texts(`ko,en\n${rows[0]}\n${many.join('\n')}\n`)).slice(1)).toEqual(
      many.map((_, i) => [`줄 ${i}`, `two\nlines ${i}`]),
    );
  });

  test('between tabs, as MySQL and Spark write them', async () => {
    const tsv = (text: string): Promise<string[][]> => texts(text, {}, 'a.tsv');
    expect(await tsv('ko\ten\n차\\\t둘\ta \\\\ car\n줄\\\n둘\ttwo lines\n\\N\tnone\n')).toEqual([
      ['차\t둘', 'a \\ car'],
      ['줄\n둘', 'two lines'],
      ['', 'none'],
    ]);
    expect(await tsv('ko\ten\n"그는 \\"네\\""\t"\\"Yes\\""\n차\tcar\n')).toEqual([['그는 "네"', '"Yes"'], CAR]);
    expect(await tsv('ko\ten\n"네" 하고\ta \\\n"car"\n차\tC:\\\\\n')).toEqual([
      ['"네" 하고', 'a \n"car"'],
      ['차', 'C:\\'],
    ]);
    const bare = '"네" 하고\t"a" car\t\\N\n줄\\\n둘\ttwo\\\nlines\t\\N\n차\tcar\t1\n배\tpear\t2\n';
    expect(await texts(bare, { ko: '1', en: '2' }, 'a.txt')).toEqual([
      ['"네" 하고', '"a" car'],
      ['줄\n둘', 'two\nlines'],
      CAR,
      ['배', 'pear'],
    ]);
    const path = 'ko\ten\n차\tC:\\dir\\\n배\t5" pear \\"x\\"\n';
    expect(await tsv(path)).toEqual([
      ['차', 'C:\\dir\\'],
      ['배', '5" pear \\"x\\"'],
    ]);
    expect(await tsv('ko\ten\tid\nC:\\\tcar\t1\n배\\\tpear\t2\n')).toEqual([
      ['C:\\', 'car'],
      ['배\\', 'pear'],
    ]);
  });
});

describe('quotes are interpreted by what follows', () => {
  test('single ones below a header without any', async () => {
    const before = Array.from({ length: 3000 }, (_, i) => `차 ${i},a "red" car ${i}`);
    const rows = await texts(`ko,en\n${before.join('\n')}\n'네, 저는',"yes\n배,'it''s, a pear'\n`);
    expect([rows[0], ...rows.slice(-2)]).toEqual([
      ['차 0', 'a "red" car 0'],
      ['네, 저는', '"yes'],
      ['배', "it's, a pear"],
    ]);
    expect(await texts("ko,en\n차,'it''s'\n")).toEqual([['차', "it's"]]);
  });

  test('single ones are literal elsewhere', async () => {
    expect(await texts("ko,en\n차,'Hello' he said\n배,\"'Tis, a pear\"\n'네','yes'\n")).toEqual([
      ['차', "'Hello' he said"],
      ['배', "'Tis, a pear"],
      ["'네'", "'yes'"],
    ]);
  });

  test('double ones after a space', async () => {
    const expected = [CAR, ['배, 사과', 'pear, "apple"']];
    expect(await texts('"ko", "en"\n"차", "car"\n"배, 사과", "pear, ""apple"""\n')).toEqual(expected);
    expect(await texts('ko, en\n차, car\n"배, 사과", "pear, ""apple"""\n')).toEqual([['차', ' car'], expected[1]]);
    expect(await texts('ko,en\n차, "car" is it\n')).toEqual([['차', ' "car" is it']]);
  });
});

test.each(['^', '~', '\x01'])('fields between %j are read', async (mark) => {
  expect(await texts(`id${mark}ko${mark}en\n1${mark}차${mark}a, b; c\n`)).toEqual([['차', 'a, b; c']]);
});

test('the null values of MySQL are empty', async () => {
  expect(await texts('ko,en\n차,\\N\n\\N,car\n')).toEqual([
    ['차', ''],
    ['', 'car'],
  ]);
});

test('rows that end with a carriage return may contain line feeds', async () => {
  const expected = [['줄\n둘', 'two\nlines'], CAR];
  expect(await texts('ko,en\r"줄\n둘","two\nlines"\r차,car\r')).toEqual(expected);
  expect(await texts('ko\ten\r"줄\n둘"\t"two\nlines"\r차\tcar\r', {}, 'a.txt')).toEqual(expected);
});

describe('quotes in a tab-separated file', () => {
  const tsv = (text: string): Promise<string[][]> => texts(text, {}, 'a.tsv');

  test('enclose fields if only CSV rules make sense of them', async () => {
    expect(await tsv('ko\ten\n차\t"a ""red"" car"\n"줄\n둘"\ttwo lines\n')).toEqual([
      ['차', 'a "red" car'],
      ['줄\n둘', 'two lines'],
    ]);
    expect(await tsv('ko\ten\n차\t"Hello, car"\n배\tpear\n')).toEqual([
      ['차', 'Hello, car'],
      ['배', 'pear'],
    ]);
    expect(await tsv('"ko"\t"en"\n"차"\t"car"\n')).toEqual([CAR]);
  });

  test('are literal if one of them must be, however far down', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `"차, ${i}"\tcar ${i}`);
    const all = await tsv(`ko\ten\n${rows.join('\n')}\n"배" 다\tpear\n`);
    expect(all).toHaveLength(30_001);
    expect([all[0], all.at(-1)]).toEqual([
      ['"차, 0"', 'car 0'],
      ['"배" 다', 'pear'],
    ]);
  });
});

describe('columns', () => {
  test.each([
    ['국문', '영문'],
    ['kor', 'eng'],
    ['ko-KR', 'en-US'],
    ['ko_KR', 'en_US'],
    ['KOREAN', 'English'],
    ['sentence_ko', 'sentence_en'],
    ['text_ko', 'text_en'],
    ['sentence_kor_Hang', 'sentence_eng_Latn'],
    ['한국어 문장', '영어문장'],
    ['translation.ko', 'translation.en'],
    ['source', 'target'],
    ['tgt', 'src'],
  ])('%s and %s are known', async (ko, en) => {
    expect(await texts(`id,${en},${ko}\n1,car,차\n`)).toEqual([CAR]);
  });

  test('by number: without a header, below one, and if a column is named like a number', async () => {
    expect(await texts('car\t차\nHello, you\t안녕\n', { ko: '2', en: '1' }, 'a.txt')).toEqual([
      CAR,
      ['안녕', 'Hello, you'],
    ]);
    expect(await texts('id,english,korean\n1,car,차\n', { ko: '3', en: '2' })).toEqual([CAR]);
    expect(await texts('1,2\n차,car\n', { ko: '1', en: '2' })).toEqual([CAR]);
    expect(await texts('2,1\ncar,차\n', { ko: '1', en: '2' })).toEqual([CAR]);
  });

  test('that are equally good are listed with advice', async () => {
    await put('a.csv', 'text_ko,sentence_ko,en\n차,차,car\n');
    await expectError(
      ['a.csv'],
      'a.csv line 1: expected one column of Korean texts, got text_ko (column 1), sentence_ko (column 2); ' +
        'choose with --ko-column, by name or by number',
    );
    await put('b.csv', 'ko,en,en\n차,car,auto\n');
    await expectError(['b.csv'], /got en \(column 2\), en \(column 3\); choose with --en-column/);
    await put('c.csv', '원문,번역문,원문\n차,car,자동차\n');
    await expectError(['c.csv'], /got 원문 \(column 1\), 원문 \(column 3\); choose with --ko-column/);
    expect((await read(['c.csv'], { ko: '3', en: '2' })).map(([ko, en]) => [ko, en])).toEqual([['자동차', 'car']]);
    expect((await read(['b.csv'], { ko: 'ko', en: '2' })).map(([ko, en]) => [ko, en])).toEqual([CAR]);
  });

  test('inside objects have dotted names', async () => {
    expect(await texts('{"a": {"left": "차", "right": "car"}}\n', { ko: 'a.left', en: 'a.right' }, 'a.jsonl')).toEqual([
      CAR,
    ]);
    expect(
      await texts('[{"score": NaN, "translation": {"ko": "차", "en": "car"}, "x": -Infinity}]', {}, 'b.json'),
    ).toEqual([CAR]);
  });
});

test('JSON from any kind of sequence is read, whatever the file is called', async () => {
  const lines = ['{"ko": "차", "en": "car"}', '{"ko": "NaN, 배", "en": "pear"}'];
  const expected = [CAR, ['NaN, 배', 'pear']];
  const pretty = lines.map((line) => JSON.stringify(JSON.parse(line), undefined, 2));
  for (const name of ['a.json', 'a.jsonl']) {
    for (const content of [
      lines.join('\n'),
      `[${lines.join()}]`,
      `[${lines[0]}]\n[${lines[1]}]`,
      pretty.join('\n'),
      lines.join(''),
      `{"data": [${lines.join()}]}`,
    ]) {
      expect(await texts(content, {}, name)).toEqual(expected);
    }
  }
});

describe('two aligned files', () => {
  test.each([
    ['x.ko', 'x.en'],
    ['c.ko-en.ko', 'c.ko-en.en'],
    ['train.ko.txt', 'train.en.txt'],
    ['ko.txt', 'en.txt'],
  ])('%s and %s', async (ko, en) => {
    await put(ko, '차\n\n배 "큰\n');
    await put(en, 'car\r\n\r\npear');
    const expected = [CAR, ['', ''], ['배 "큰', 'pear']];
    for (const paths of [['.'], [ko], [en], [ko, en]])
      expect((await read(paths)).map((row) => row.slice(0, 2))).toEqual(expected);
  });

  test('may end lines with carriage returns only, if there is no line feed', async () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `문장 ${i}`);
    await put('x.ko', lines.join('\r'));
    await put('x.en', `${lines.map((_, i) => `line ${i}`).join('\r')}\r`);
    expect((await read()).map(([ko, en]) => [ko, en])).toEqual(lines.map((ko, i) => [ko, `line ${i}`]));
    await put('x.ko', '차\r두 대\n배\n');
    await put('x.en', 'two\rcars\r\npear');
    expect((await read()).map(([ko, en]) => [ko, en])).toEqual([
      ['차\r두 대', 'two\rcars'],
      ['배', 'pear'],
    ]);
  });

  test('of unequal length are reported with both counts, and a single one is named', async () => {
    await put('x.ko', '차\n배\n');
    await put('x.en', 'car\npear\nplum\n');
    await expectError(
      ['.'],
      /^x\.ko: expected as many lines as in \S*x\.en, got 2 and 3; give files that are aligned$/,
    );
    await put('sub/good.csv', 'ko,en\n차,car\n');
    await put('sub/y.ko', '차\n');
    expect((await find(['sub'])).skipped).toEqual([
      { file: 'sub/y.ko', why: expect.stringMatching(/^expected two aligned files/) as string },
    ]);
  });
});
