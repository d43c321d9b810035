import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { readingFolder } from '../reading.js';

const { put, read, expectError } = readingFolder();

describe('text in code page 949', () => {
  test('is distinguished from UTF-8 by its bytes, in every text format', async () => {
    await put('a.csv', iconv.encode('ko,en\n"똠방각하, 펲시",Pepsi\n', 'cp949'));
    await put('b.tsv', iconv.encode('ko\ten\n차\tcar\n', 'cp949'));
    await put('c.json', iconv.encode('[{"ko": "사과", "en": "apple"}]', 'cp949'));
    await put('d.jsonl', iconv.encode('{"ko": "배", "en": "pear"}', 'cp949'));
    expect((await read()).map(([ko, en]) => [ko, en])).toEqual([
      ['똠방각하, 펲시', 'Pepsi'],
      ['차', 'car'],
      ['사과', 'apple'],
      ['배', 'pear'],
    ]);
  });

  test('is recognised if its first Hangul is far down, and read completely', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => [
      i < 30_000 ? 'x' : `가나다${'x'.repeat(i % 2)}`,
      `word ${i}`,
    ]);
    await put('a.csv', iconv.encode(`ko,en\n${rows.map((row) => row.join(',')).join('\n')}`, 'cp949'));
    expect((await read()).map(([ko, en]) => [ko, en])).toEqual(rows);
  });
});

describe('text that is neither UTF-8 nor code page 949', () => {
  const remedy = 'save the file as UTF-8';

  test('is reported with the line and the byte', async () => {
    const cp949 = Buffer.from([0xbb, 0xe7, 0xb0, 0xfa]); // 사과
    await put('a.csv', Buffer.concat([Buffer.from('ko,en\n차,car\n'), cp949, Buffer.from(',apple\n')]));
    await expectError(['a.csv'], `a.csv line 3: expected text in UTF-8 or code page 949, got the byte 0xBB; ${remedy}`);
    await put('a.jsonl', Buffer.from('\xff\xfd{\0', 'latin1'));
    await expectError(
      ['a.jsonl'],
      `a.jsonl line 1: expected text in UTF-8 or code page 949, got the byte 0xFF; ${remedy}`,
    );
    await put('a.csv', Buffer.concat([Buffer.from(`ko,en\n${'문장,sentence\n'.repeat(9)}`), Buffer.from([0xff, 0])]));
    await expectError(['a.csv'], /^a\.csv line 11: expected text in UTF-8 or code page 949, got the byte 0xFF/);
    await put('b.csv', Buffer.concat([Buffer.from('ko,en\n\ufffd,a\n'), Buffer.from([0xe9, 0x2c])]));
    await expectError(['b.csv'], `b.csv line 3: expected text in UTF-8 or code page 949, got the byte 0xE9; ${remedy}`);
  });

  test('is an unreadable row wherever it is, if the others tell the encoding', async () => {
    const fault = 'expected text, got bytes that are not; correct the row, or save the file as UTF-8';
    const rows = Array.from({ length: 12 }, (_, i) => `${'가나다'.slice(i % 3)} ${i},word ${i}`);
    for (const [name, broken] of [
      ['utf8', [0xff]],
      ['utf8', [0xec, 0x82]],
      ['utf8', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]], // half a surrogate pair, twice, as Java and MySQL write emoji
      ['utf8', [0xbb, 0xe7, 0xb0, 0xfa]], // code page 949
      ['cp949', [0xff]],
    ] as const) {
      const [before, after] = [rows.slice(0, 3), rows.slice(3)].map((part) => iconv.encode(part.join('\n'), name));
      const line = Buffer.concat([iconv.encode('\n차', name), Buffer.from(broken), Buffer.from(',car\n')]);
      await put('a.csv', Buffer.concat([Buffer.from('ko,en\n'), before, line, after]));
      const read13 = await read();
      expect(read13[3], name).toEqual([fault, 'a.csv:5']);
      expect(read13.filter((_, i) => i !== 3).map(([ko, en]) => `${ko},${en}`)).toEqual(rows);
    }
    await put('a.csv', iconv.encode(`ko,en\n${rows.join('\n')}`, 'utf8'));
    const joined = Buffer.concat([
      Buffer.from(`ko,en\n${rows.join('\n')}\n`),
      iconv.encode('문장,sentence\n', 'cp949'),
    ]);
    await put('a.csv', joined);
    const read13 = await read();
    expect([read13.length, read13[12]]).toEqual([13, [fault, 'a.csv:14']]);
  });

  test('far down in a file is an unreadable row', async () => {
    const rows = '차,car\n'.repeat(20_000);
    await put(
      'a.csv',
      Buffer.concat([Buffer.from(`ko,en\n${rows}`), Buffer.from([0xbb, 0xe7]), Buffer.from(`,apple\n${rows}`)]),
    );
    const read40001 = await read();
    expect(read40001).toHaveLength(40_001);
    expect(read40001.filter(([, , corpus]) => corpus === undefined)).toEqual([
      ['expected text, got bytes that are not; correct the row, or save the file as UTF-8', 'a.csv:20002'],
    ]);
  });
});

describe('text that decodes in code page 949, but not to Korean', () => {
  test.each([
    ['gbk', ['我喜欢吃苹果', '今天天气很好', '请问火车站怎么走']],
    ['gbk', ['一个女人在街上走，两只猫看着外面的雨。', '孩子们在沙滩上玩']],
    ['shift_jis', ['私はりんごが好きです', '駅はどこですか']],
    ['euc-jp', ['犬が庭で寝ている', '夏は海へ行きます']],
    ['windows-1251', ['Женщина идёт', 'кошки сидят']],
    ['gbk', ['猫在看书']],
    ['gbk', ['红色的车']],
    ['big5', ['早安']],
    ['big5', ['我愛你']],
    ['shift_jis', ['りんご']],
    ['shift_jis', ['犬']],
    ['euc-jp', ['こんにちは']],
    ['windows-874', ['แมว']],
    ['windows-874', ['รถสีแดง']],
    ['koi8-r', ['красная машина']],
    ['windows-1253', ['καλημέρα']],
    ['windows-1252', ['Äpfel']],
    ['windows-1252', ['don’t']],
  ])('such as %s is refused, not read as rare syllables', async (name, texts) => {
    await put('a.csv', iconv.encode(`ko,en\n${texts.map((text, i) => `${text},text ${i}`).join('\n')}\n`, name));
    await put('b.txt', 'x');
    await expectError(
      ['a.csv'],
      /^a\.csv line 2: expected text in UTF-8 or code page 949, got (?:letters of another encoding, such as GBK or Shift JIS|the byte 0x..); save the file as UTF-8$/,
    );
  });

  test.each([
    ['names', ['쿠알라룸푸르', '블라디보스토크', '필라델피아', '도스토옙스키', '셰익스피어']],
    ['words', ['딸기', '앵두', '펭귄', '독수리', '까치', '참외', '호랑이']],
    ['Hanja', ['大韓民國은 民主共和國이다', '主權은 國民에게 있고 權力은 國民으로부터 나온다']],
    ['chats', ['ㅋㅋㅋㅋㅋㅋ', 'ㅠㅠㅠㅠ 헐', 'ㅇㅇ 넵']],
    ...['펭귄', '빵', '섬', '짬뽕', '앵두', '도스토옙스키', '大韓民國은', 'ㅠㅠ 헐'].map((text): [string, string[]] => [
      'one row',
      [text],
    ]),
  ])('is not confused with %s', async (_, texts) => {
    await put('a.csv', iconv.encode(`ko,en\n${texts.map((text, i) => `${text},text ${i}`).join('\n')}\n`, 'cp949'));
    expect((await read()).map(([ko]) => ko)).toEqual(texts);
  });
});

/** ISO-2022-KR (RFC 1557): EUC-KR with the high bits removed, between shifts. */
function iso2022kr(text: string): Buffer {
  const shifted = text.replaceAll(/[\uac00-\ud7a3]+/g, (run) => {
    const bytes = iconv.encode(run, 'euc-kr').map((byte) => byte & 0x7f);
    return `\x0e${Buffer.from(bytes).toString('latin1')}\x0f`;
  });
  return Buffer.from(`\x1b$)C${shifted}`, 'latin1');
}

describe('text that writes Hangul in ASCII', () => {
  const rows = '안녕하세요,Hello\n고마워요,Thanks\n';
  const objects = '{"ko": "안녕하세요", "en": "Hello"}\n{"ko": "고마워요", "en": "Thanks"}\n';
  const lines = '안녕하세요\n고마워요\n';
  const utf7 = (text: string): Buffer => iconv.encode(text, 'utf-7');

  test.each([
    ['a.csv', 'ISO-2022-KR', iso2022kr(`ko,en\n${rows}`), 1],
    ['a.csv', 'ISO-2022-KR', Buffer.concat([Buffer.from('ko,en\n'), iso2022kr(rows)]), 2],
    [
      'a.csv',
      'ISO-2022-KR',
      Buffer.concat([Buffer.from(`ko,en\n${'x,word\n'.repeat(40_000)}`), iso2022kr(rows)]),
      40_002,
    ],
    ['a.tsv', 'ISO-2022-KR', iso2022kr(`ko\ten\n${rows.replaceAll(',', '\t')}`), 1],
    ['a.jsonl', 'ISO-2022-KR', iso2022kr(objects), 1],
    ['a.json', 'ISO-2022-KR', iso2022kr(`[${objects.trim().replace('\n', ',')}]`), 1],
    ['a.csv', 'UTF-7', utf7(`ko,en\n${rows}`), 2],
    ['a.jsonl', 'UTF-7', utf7(objects), 1],
    ['a.csv', 'ISO-2022-JP', Buffer.from('ko,en\n\x1b$BF|K\\8l\x1b(B,Japanese\n', 'latin1'), 2],
  ])('%s in %s is refused with how to convert it', async (name, encoding, bytes, line) => {
    await put(name, bytes);
    await expectError(
      [name],
      `${name} line ${line}: expected text in UTF-8 or code page 949, got ${encoding}; ` +
        `convert it: iconv -f ${encoding} -t UTF-8`,
    );
  });

  test('is refused in aligned files, too', async () => {
    await put('a.ko', iso2022kr(lines));
    await put('a.en', 'Hello\nThanks\n');
    await expectError(['a.ko'], /^a\.ko line 1: .+ got ISO-2022-KR; /);
  });

  test('is not seen in codes and telephone numbers', async () => {
    const texts = ['call +821012345678', '+100 points', 'a+bcd, e+fgh', 'x+++', '\x1b[31mred\x1b[0m $5'];
    await put('a.csv', `en,ko\n${texts.map((text) => `"${text}",x\n`).join('')}`);
    expect((await read()).map(([, en]) => en)).toEqual(texts);
  });
});

describe('text in UTF-16 and UTF-32', () => {
  test.each(['utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'])(
    'in %s without a byte order mark is recognised whatever it begins with',
    async (name) => {
      const rows = Array.from({ length: 3000 }, (_, i) => [`${i}번째 문장입니다`, `sentence ${i}`]);
      const text = `한국어\t영어\n${rows.map((row) => row.join('\t')).join('\n')}\n`;
      await put('a.txt', iconv.encode(text, name, { addBOM: false }));
      await put('b.json', iconv.encode('[{"ko": "차", "en": "car"}]', name, { addBOM: false }));
      expect((await read(['a.txt'])).map(([ko, en]) => [ko, en])).toEqual(rows);
      expect((await read(['b.json'])).map(([ko, en]) => [ko, en])).toEqual([['차', 'car']]);
    },
  );

  test('is not confused with UTF-8 that has zero bytes in it', async () => {
    await put('a.csv', 'ko,en\n나\0는,I\0\n차,car\n배,pear\n');
    expect(await read()).toEqual([
      ['expected text, got bytes that are not; correct the row, or save the file as UTF-8', 'a.csv:2'],
      ['차', 'car', 'a.csv:3', 'other'],
      ['배', 'pear', 'a.csv:4', 'other'],
    ]);
  });

  test.each(['utf-16le', 'utf-16be', 'utf-32le'])(
    'in %s that ends within a character ends in an unreadable row',
    async (name) => {
      const whole = (text: string) => iconv.encode(text, name, { addBOM: true });
      const table = whole('ko,en\n차,car\n배,pear');
      await put('a.csv', Buffer.concat([table, Buffer.of(0x41)]));
      await put('b.csv', table.subarray(0, -1));
      await put('c.json', Buffer.concat([whole('[{"ko": "차", "en": "car"}]'), Buffer.of(0x41)]));
      expect(await read(['a.csv'])).toEqual([
        ['차', 'car', 'a.csv:2', 'other'],
        ['expected text, got bytes that are not; correct the row, or save the file as UTF-8', 'a.csv:3'],
      ]);
      expect(await read(['b.csv'])).toEqual([
        ['차', 'car', 'b.csv:2', 'other'],
        ['expected text, got bytes that are not; correct the row, or save the file as UTF-8', 'b.csv:3'],
      ]);
      await expectError(['c.json'], /^c\.json: expected /);
    },
  );
});
