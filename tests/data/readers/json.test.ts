import { describe, expect, test } from 'vitest';
import { readingFolder } from '../reading.js';

const { put, read, find, expectError } = readingFolder();

describe('a JSON value that is a table', () => {
  const pairs = [
    ['차', 'car'],
    ['배', 'pear'],
  ];
  const objects = pairs.map(([ko, en]) => ({ ko, en }));
  const byIndex = (values: readonly unknown[]): unknown => Object.fromEntries(values.entries());

  test.each([
    ['lists by column', { ko: ['차', '배'], en: ['car', 'pear'] }],
    ['objects by column', { id: byIndex([1, 2]), ko: byIndex(['차', '배']), en: byIndex(['car', 'pear']) }],
    ['objects by index', byIndex(objects)],
    ['separate columns and rows', { columns: ['ko', 'en'], index: [0, 1], data: pairs }],
    ['rows', { rows: objects }],
    ['pages of a data set', { features: [{ name: 'ko' }], rows: objects.map((row, i) => ({ row_idx: i, row })) }],
    ['translations', { info: { a: [1] }, translations: objects.map((translation) => ({ translation })) }],
    ['splits', { train: objects.slice(0, 1), note: ['x'], test: objects.slice(1) }],
  ])('%s', async (_, value) => {
    for (const indent of [undefined, 2]) {
      await put('a.json', JSON.stringify(value, undefined, indent));
      expect((await read()).map((row) => row.slice(0, 3))).toEqual(
        pairs.map((pair, i) => [...pair, `a.json:${i + 1}`]),
      );
    }
  });

  const asLines = (rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\r\n');

  test.each([
    ['a list of lists', 'a.json', JSON.stringify([['ko', 'en'], ...pairs], undefined, 2)],
    ['lists on separate lines', 'a.jsonl', asLines([['ko', 'en'], ...pairs])],
  ])('%s, the first of them the header', async (_, name, text) => {
    await put(name, text);
    const found = (await read()).map((row) => row.slice(0, 3));
    expect(found).toEqual(pairs.map((pair, i) => [...pair, `${name}:${i + 2}`]));
  });

  test.each([
    ['a.json', JSON.stringify(pairs)],
    ['a.jsonl', asLines(pairs)],
  ])('without a header, by numbers: %s', async (name, text) => {
    await put(name, text);
    expect((await read(['.'], { ko: '1', en: '2' })).map((row) => row.slice(0, 2))).toEqual(pairs);
    await expectError([name], /: expected .*got 차, car; .*give their numbers \(--ko-column 2 --en-column 1\)/);
  });

  test('of lists on separate lines, of which some are broken', async () => {
    await put('a.jsonl', '["차", "car"]\n["감"\n{"ko": "말"}\n["배", "pear"]\n["개"]\n');
    expect((await read(['.'], { ko: '1', en: '2' })).map((row) => row.slice(0, 3))).toEqual([
      ['차', 'car', 'a.jsonl:1'],
      ['expected 1 and 2, got no keys; write both texts', 'a.jsonl:2'],
      ['expected 1 and 2, got no keys; write both texts', 'a.jsonl:3'],
      ['배', 'pear', 'a.jsonl:4'],
      ['개', '', 'a.jsonl:5'],
    ]);
  });

  test('whose header is not a list of names is refused, however deeply nested', async () => {
    for (const header of ['['.repeat(5000) + ']'.repeat(5000), '{"toString": 1}', '{"a": {"b": []}}']) {
      await put('a.json', `[[${header}, "en"], ["차", "car"]]`);
      await expectError(['a.json'], /^a\.json: expected /);
    }
    await put(
      'a.json',
      JSON.stringify({
        columns: [
          ['ko', 'a'],
          ['en', 'b'],
        ],
        data: pairs,
      }),
    ); // pandas' MultiIndex
    expect((await read(['.'], { ko: 'ko,a', en: 'en,b' })).map((row) => row.slice(0, 2))).toEqual(pairs);
  });

  test('of megabytes', async () => {
    const texts = Array.from({ length: 20_000 }, (_, i) => `차, ${i} ]"`);
    const english = texts.map((_, i) => `car ${'x'.repeat(80)} ${i}`);
    for (const value of [
      { ko: texts, en: english },
      { a: [{ ko: '감', en: 'x' }], filler: 'y'.repeat(600_000), b: texts.map((ko, i) => ({ ko, en: english[i] })) },
    ]) {
      await put('a.json', JSON.stringify(value));
      const rows = (await read()).slice(-20_000);
      expect(rows.map(([ko, en]) => [ko, en])).toEqual(texts.map((ko, i) => [ko, english[i]]));
    }
  });
});

describe('a JSON array', () => {
  test('is read element by element, whatever its strings contain', async () => {
    await put(
      'a.json',
      '\ufeff [\n  {"ko": "차, ]}", "en": "a \\"car\\" [\\\\", "more": {"x": [1, 2]}},\n\n  {"en": ' +
        '"apple",\n "ko": "사과"}\n]\n',
    );
    expect(await read()).toEqual([
      ['차, ]}', 'a "car" [\\', 'a.json:1', 'other'],
      ['사과', 'apple', 'a.json:2', 'other'],
    ]);
  });

  test('of a megabyte is read completely, bare or under "data"', async () => {
    const objects = Array.from({ length: 10_000 }, (_, i) => ({
      korea: `${'가'.repeat(1 + (i % 7))}\\"${i}`,
      english: `{[${i},`,
    }));
    for (const [name, content] of [
      ['a.json', objects],
      ['b.json', { version: [1, '"data": ['], data: objects, more: [{ korea: 1 }] }],
    ] as const) {
      await put(name, JSON.stringify(content, undefined, 1));
      expect((await read([name])).map(([korea, english]) => ({ korea, english }))).toEqual(objects);
    }
  });

  test('with half a surrogate pair in a text gives an unreadable row, and complete pairs are kept', async () => {
    await put('a.json', '[{"ko": "차\\ud83d", "en": "car"}, {"ko": "차 \\ud83d\\ude97", "en": "car"}]');
    await put('b.jsonl', '{"ko": "차", "en": "\\udc00 car"}\n{"ko": "배", "en": "pear"}\n');
    expect(await read()).toEqual([
      ['expected text, got bytes that are not; correct the row, or save the file as UTF-8', 'a.json:1'],
      ['차 🚗', 'car', 'a.json:2', 'other'],
      ['expected text, got bytes that are not; correct the row, or save the file as UTF-8', 'b.jsonl:1'],
      ['배', 'pear', 'b.jsonl:2', 'other'],
    ]);
  });

  test('gives elements that are not pairs as unreadable rows', async () => {
    await put(
      'a.json',
      '[{"ko": "차", "en": "car"}, "ko", {"ko" "x"}, {"ko": "배"}, {"en": null}, {"a": 1}, {"ko": 5, "en": "five"}]',
    );
    const rows = await read();
    expect(rows.map((row) => row.at(row.length === 2 ? 1 : 2))).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((row) => `a.json:${row}`),
    );
    expect(rows.map((row) => row[0])).toEqual([
      '차',
      'expected an object such as {"ko": "…", "en": "…"}, got "ko"; write an object for each pair',
      expect.stringMatching(/^expected JSON, got something else \(.+\); write it as JSON again$/),
      '배',
      '',
      'expected ko and en, got a; write both texts',
      'expected text in ko, got 5; write it as text',
    ]);
  });

  test('that is cut short is reported with the file, the byte and the element', async () => {
    const whole = JSON.stringify(Array.from({ length: 10_000 }, (_, i) => ({ ko: `차 ${i}`, en: `car ${i}` })));
    const cut = Buffer.from(whole).subarray(0, 300_000);
    await put('a.json', cut);
    const element = cut.toString().split('{').length - 1;
    await expectError(
      ['a.json'],
      `a.json: expected JSON up to its last bracket, got the end of the file after 300000 bytes, in ` +
        `element ${element}; download or write it again`,
    );
    await put('b.json', '{"data": [{"ko": "차", "en": "c');
    await expectError(
      ['b.json'],
      'b.json: expected JSON up to its last bracket, got the end of the file after 32 bytes, in ' +
        'element 1; download or write it again',
    );
  });

  test('of 64 MB without pairs is reported by its keys', async () => {
    const object = JSON.stringify({ id: 1, name: 'x'.repeat(1 << 16) });
    await put('a.json', `{"data": [${Array<string>(1100).fill(object).join(',')}]}`);
    await expectError(['a.json'], /^a\.json: expected a column ko .+, got id, name; name them with/);
  });

  test('that is malformed is reported with the file and the element', async () => {
    const array = 'a JSON array of objects, [{"ko": "…", "en": "…"}, …], or one under "data"';
    await put('a.json', 'kor\n');
    await expectError(['a.json'], `a.json: expected ${array}, got kor; write an object for each pair`);
    await put('b.json', '');
    await expectError(['b.json'], `b.json: expected ${array}, got an empty file; download or write it again`);
    await put('b.json', ' \n');
    await expectError(['b.json'], `b.json: expected ${array}, got nothing but blanks; download or write it again`);
    await put('c.json', '[{"ko": "차", "en": "car"},\n]');
    await expectError(['c.json'], 'c.json element 2: expected an object before ], got nothing; remove the comma');
    await put('d.json', '[{"ko": "차", "en": "car"}]\n]');
    await expectError(['d.json'], 'd.json: expected nothing after the last bracket, got ]; remove what follows it');
    await put('d.json', '[{"ko": "차", "en": "car"}}');
    await expectError(
      ['d.json'],
      'd.json element 1: expected ] at the end of the array, got }; close its brackets in their order',
    );
    await put('e.json', `[{"ko": "차", "en": "${'x'.repeat(17 << 20)}`);
    await expectError(
      ['e.json'],
      'e.json element 1: expected an object of at most 16 MiB, got a longer one; close its quotes and brackets, ' +
        'or shorten it',
    );
    await put('f.json', '[]');
    await expectError(
      ['f.json'],
      'f.json: expected objects such as {"ko": "…", "en": "…"}, got none; write one for each pair',
    );
  });
});

describe('JSON that is no object', () => {
  const array = 'a JSON array of objects, [{"ko": "…", "en": "…"}, …], or one under "data"';
  const object = 'an object such as {"ko": "…", "en": "…"}';
  const pairs = 'write an object for each pair';
  const columns = 'a column ko (or korea, korean) and a column en (or english)';

  test.each([
    ['null', `expected ${array}, got null; ${pairs}`, `expected ${object}, got null; ${pairs}`],
    ['-42', `expected ${array}, got -42; ${pairs}`, `expected ${object}, got -42; ${pairs}`],
    ['"text"', `expected ${array}, got "text"; ${pairs}`, `expected ${object}, got "text"; ${pairs}`],
    ['[1, 2]', `expected ${object}, got 1; ${pairs}`, `expected ${object}, got 1; ${pairs}`],
    ...['{}', '{"a": 1}'].map((text): [string, string, string] => {
      const found = `expected ${columns}, got ${text === '{}' ? 'no columns' : 'a'}; write a column for each language`;
      return [text, found, found];
    }),
  ])('such as %s is refused with what to do', async (text, asJson, asLines) => {
    await put('a.json', text);
    await expectError(['a.json'], `a.json: ${asJson}`);
    await put('b.jsonl', `${text}\n`);
    await expectError(['b.jsonl'], `b.jsonl: ${asLines}`);
  });

  test.each([
    '// made by x\n[{"ko": "차"}]',
    '/* x */ [{"ko": "차"}]',
    '# x\n[{"ko": "차"}]',
    '[\n// x\n{"ko": "차"}]',
    '[{"ko": "차", # x\n"en": "car"}]',
  ])('with comments is refused: %j', async (text) => {
    await put('a.json', text);
    await expectError(['a.json'], /^a\.json: expected .+; remove the comments$/);
  });

  test('in another notation is refused', async () => {
    await put('a.json', "[{'ko': '차', 'en': '#1'}]");
    await expectError(['a.json'], /^a\.json: expected JSON, got something else .+; write it as JSON again$/);
  });
});

describe('an object with one of its keys twice', () => {
  const fault = (key: string): string => `expected each key once in an object, got ${key} twice; keep one of them`;
  const twice = '{"ko": "차", "ko": "배", "en": "car"}';
  const other = '{"ko": "배", "en": "pear", "x": "\\"ko\\": \\"ko\\":", "y": {"ko": "?"}}';

  test.each([
    ['a.jsonl', `${other}\n${twice}\n`],
    ['a.json', `[${other}, ${twice}]`],
    ['a.json', `{"rows": [${other}, ${twice}]}`],
  ])('is an unreadable row, not its last value: %s', async (name, text) => {
    await put(name, text);
    expect(await read([name])).toEqual([
      ['배', 'pear', `${name}:1`, 'other'],
      [fault('ko'), `${name}:2`],
    ]);
  });

  test('is found however its keys are escaped, and in nested objects', async () => {
    await put('a.jsonl', '{"\\uc6d0\\ubb38": "차", "\\uC6D0\\uBB38": "배", "번역문": "car"}\n');
    expect(await read(['a.jsonl'])).toEqual([[fault('원문'), 'a.jsonl:1']]);
    await put('b.jsonl', '{"translation": {"ko": "차", "en": "car", "en": "x"}}\n');
    expect(await read(['b.jsonl'])).toEqual([[fault('en'), 'b.jsonl:1']]);
  });

  test('is one row among many small files', async () => {
    for (let i = 0; i < 60; i++)
      await put(`${i + 100}.json`, JSON.stringify({ 원문: `차 ${i}`, 최종번역문: `car ${i}` }));
    await put('200.json', `[{"원문": "배", "최종번역문": "pear"}, {"원문": "a", "원문": "b", "최종번역문": "c"}]`);
    const rows = await read();
    expect(rows.slice(-2)).toEqual([
      ['배', 'pear', '200.json:1', 'broadcast'],
      [fault('원문'), '200.json:2'],
    ]);
    expect(rows).toHaveLength(62);
  });

  test('is refused where it is the table', async () => {
    await put('a.json', '{"ko": {"0": "차"}, "en": {"0": "car"}, "ko": {"0": "배"}}');
    await expectError(['a.json'], `a.json: ${fault('ko')}`);
  });
});

describe('documents of megabytes with lists of pairs', () => {
  const documents = [1, 2, 3].map((number) => ({
    title: `글 ${number}`,
    sentences: Array.from({ length: 20_000 }, (_, i) => ({
      ko: `${number}째 글 ${i}번째 문장`,
      en: `sentence ${i} of text ${number}, ${'x'.repeat(40)}`,
    })),
  }));

  test.each([
    ['in an array', 'a.json', JSON.stringify(documents)],
    ['under "data"', 'a.json', JSON.stringify({ version: 1, data: documents })],
    ['one on each line', 'a.jsonl', documents.map((document) => JSON.stringify(document)).join('\n')],
    ['one after another', 'a.json', documents.map((document) => JSON.stringify(document, undefined, 1)).join('\n')],
  ])('are read: %s', async (_, name, content) => {
    expect(content.length / documents.length).toBeGreaterThan(1 << 20);
    await put(name, content);
    const rows = await read();
    expect(rows).toHaveLength(60_000);
    expect(rows.at(-1)!.slice(0, 2)).toEqual(Object.values(documents[2].sentences[19_999]));
  });
});

describe('JSON files of one object each', () => {
  const sentence = (i: number) => JSON.stringify({ ID: i, 원문: `문장 ${i}`, 최종번역문: `Sentence ${i}` });

  test('are read one by one if there are few', async () => {
    await put('b.json', sentence(2));
    await put('a.json', sentence(1));
    expect(await read()).toEqual([
      ['문장 1', 'Sentence 1', 'a.json:1', 'broadcast'],
      ['문장 2', 'Sentence 2', 'b.json:1', 'broadcast'],
    ]);
  });

  test('are one source named after the folder if there are many, with a broken one as a bad row', async () => {
    for (let i = 0; i < 120; i++) await put(`TL/${1000 + i}.json`, i === 7 ? sentence(i).slice(0, 20) : sentence(i));
    await put(
      'TL/big.json',
      JSON.stringify(
        Array.from({ length: 1000 }, (_, i) => ({ 원문: `글 ${i}`, 최종번역문: `Text ${i} ${'x'.repeat(80)}` })),
      ),
    );
    const { sources } = await find();
    expect(sources.map(({ id, shape, files }) => [id, shape, files.length])).toEqual([
      ['TL/big.json', 'json', 1],
      ['TL/1000.json', 'json-files', 120],
    ]);
    const rows = (await read()).slice(1000);
    expect(rows).toHaveLength(120);
    expect(rows[0]).toEqual(['문장 0', 'Sentence 0', 'TL/1000.json:1', 'broadcast']);
    expect(rows[7]).toEqual([expect.stringMatching(/^expected JSON, got something else/), 'TL/1007.json:1']);
  });

  test('say which language they were translated from', async () => {
    await put(
      'a.json',
      JSON.stringify([
        { 원문: 'A car.', 최종번역문: '차.', source_language: 'en' },
        { 원문: '배.', 최종번역문: 'A pear.', source_language: 'ko' },
        { 원문: 'Plums.', 최종번역문: '자두.', source_language: '영어' },
      ]),
    );
    expect((await read()).map(([ko, en]) => [ko, en])).toEqual([
      ['차.', 'A car.'],
      ['배.', 'A pear.'],
      ['자두.', 'Plums.'],
    ]);
  });
});

test('byte order marks of joined files, separators of sequences and the end mark of DOS are no rows', async () => {
  const [first, second] = ['{"ko": "차", "en": "car"}', '{"ko": "배", "en": "pear"}'];
  await put('a.jsonl', `\ufeff${first}\n\ufeff${second}\n\x1a`);
  await put('b.json', `[${first}]\n\ufeff[${second}]\x1a`);
  await put('c.json', `\x1e${first}\n\x1e${second}\n`);
  expect((await read()).map(([ko, , place]) => [ko, place])).toEqual([
    ['차', 'a.jsonl:1'],
    ['배', 'a.jsonl:2'],
    ['차', 'b.json:1'],
    ['배', 'b.json:2'],
    ['차', 'c.json:1'],
    ['배', 'c.json:2'],
  ]);
});

test('JSON lines are read one by one, blank ones skipped, bad ones reported', async () => {
  await put('a.jsonl', '{"ko": "차", "en": "car\u2028"}\r\n\n["차", "car"]\n{"en": "apple", "ko": "사과"}');
  expect(await read()).toEqual([
    ['차', 'car\u2028', 'a.jsonl:1', 'other'],
    ['expected an object such as {"ko": "…", "en": "…"}, got a list of 2; write an object for each pair', 'a.jsonl:3'],
    ['사과', 'apple', 'a.jsonl:4', 'other'],
  ]);
});

test('blank lines count as lines, however many there are', async () => {
  await put('a.jsonl', `{"ko": "차", "en": "car"}\n${'\n'.repeat(600_000)}{"ko": "배", "en": "pear"}\n`);
  expect((await read()).map(([ko, , place]) => [ko, place])).toEqual([
    ['차', 'a.jsonl:1'],
    ['배', 'a.jsonl:600002'],
  ]);
});
