/** @file Files of the wrong kind named by a user: each gives an error of one line, without blocking. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTexts } from '../../src/app/encoding/texts.js';
import { readPrompts } from '../../src/app/pictures/prompts.js';
import { InputError } from '../../src/base/errors.js';
import { readClusterKey } from '../../src/cluster/key.js';
import { readStsFile } from '../../src/evaluate/sts-file.js';
import { readConfigFile } from '../../src/training/config-file.js';
import { temporaryFolder } from '../cli.js';

const KEY = 'k'.repeat(40);

/** Everything that reads a file named by a user, with a valid file and the expected result. */
const READERS: readonly (readonly [
  what: string,
  extension: string,
  read: (path: string) => Promise<unknown>,
  sound: string,
  values: unknown,
])[] = [
  ['texts', '.txt', readTexts, '노란색 차\na car\n', ['노란색 차', 'a car']],
  ['prompts', '.csv', readPrompts, 'ko,en\n노란색 차,a car\n', [{ ko: '노란색 차', en: 'a car' }]],
  ...['.tsv', '.csv'].map(
    (extension) =>
      [
        `judged pairs in ${extension}`,
        extension,
        async (path: string) => (await readStsFile(path)).length,
        '1\t차\ta car\n2\t집\ta house\n',
        2,
      ] as const,
  ),
  [
    'judged pairs in .json',
    '.json',
    async (path) => (await readStsFile(path)).length,
    JSON.stringify(
      [1, 2].map((score) => ({ score, sentence1: '차', sentence2: 'a car' })),
      undefined,
      1,
    ),
    2,
  ],
  ['settings in YAML', '.yaml', readConfigFile, 'epochs: 2\nteacher: 교사\n', { epochs: 2, teacher: '교사' }],
  ['settings in JSON', '.json', readConfigFile, '{"epochs": 2,\n"teacher": "교사"}', { epochs: 2, teacher: '교사' }],
  ['a key', '.key', async (path) => (await readClusterKey(path, {}))?.length, `${KEY}\n`, 32],
];

describe.each(READERS)('%s', (what, extension, read, sound, values) => {
  let folder: string;
  beforeAll(() => {
    folder = temporaryFolder();
  });

  const path = (name: string): string => join(folder, `${name}${extension}`);
  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(path(name), content);
    return path(name);
  };
  const pipe = (name: string): string => {
    spawnSync('mkfifo', [path(name)]);
    return path(name);
  };

  /** The error message without the path at its beginning. */
  async function refusal(file: string): Promise<string> {
    const error = await read(file).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as InputError;
    expect(message.startsWith(file)).toBe(true);
    return message.slice(file.length);
  }

  it('is read with a byte order mark and Windows line endings, too', async () => {
    expect(await read(write('plain', sound))).toEqual(values);
    expect(await read(write('windows', `\ufeff${sound.replaceAll('\n', '\r\n')}`))).toEqual(values);
  });

  it.skipIf(extension === '.yaml')('is read with old Macintosh line endings, too', async () => {
    expect(await read(write('returns', sound.replaceAll('\n', '\r')))).toEqual(values);
  });

  it('is read from a pipe, even if its writer comes later and writes in parts', async () => {
    const file = pipe('pipe');
    const reading = read(file);
    const half = sound.length >> 1;
    const script = 'sleep 0.2; { printf %s "$1"; sleep 0.2; printf %s "$2"; } > "$0"';
    spawn('sh', ['-c', script, file, sound.slice(0, half), sound.slice(half)]);
    expect(await reading).toEqual(values);
  });

  it('is refused if it is not a readable file', async () => {
    mkdirSync(path('folder'));
    symlinkSync(path('loop'), path('loop'));
    const server = createServer().listen(path('socket'));
    const noFile = ': expected a file that can be read, ';
    for (const [file, why] of [
      [path('none'), 'but there is none'],
      [path('folder'), 'found a folder'],
      [path('loop'), 'but too many symbolic links, one to the next'],
      [path('x'.repeat(300)), 'but the name is too long'],
      [join(write('file', sound), 'below'), 'but a part of the path is not a folder'],
      [path('socket'), 'found a socket or a device'],
      ['/dev/zero', 'found a socket or a device'],
    ] as const)
      expect(await refusal(file)).toBe(`${noFile}${why}; check the path`);
    server.close();
  });

  it('is refused before it is read if it is far too large', async () => {
    truncateSync(write('large', ''), 3 * 2 ** 30);
    expect(await refusal(path('large'))).toMatch(/^: expected at most [\d,]+ bytes, found 3,221,225,472; \w/);
  });

  it.skipIf(what === 'a key')('is refused if it is not text', async () => {
    const zero = sound.replace(/([a차교])/u, '$1\0');
    for (const [bytes, why] of [
      [Buffer.from(zero), /got the byte 0x00|got bytes that are not text|expected JSON, got Bad control character/],
      [Buffer.from(sound.replace(/[가-힣]/g, 'é'), 'latin1'), /got the byte 0xE9/],
      [Buffer.alloc(2 ** 21), /got the byte 0x00|expected a line of at most 1 MiB|expected JSON, got Unexpected token/],
      [Buffer.alloc(0), /^: expected .*, got (nothing|an empty file|null|Unexpected end of JSON input)/],
    ] as const)
      expect(await refusal(write('other', bytes))).toMatch(why);
  });
});

it('a pipe that nobody writes to is refused', { timeout: 20_000 }, async () => {
  const folder = temporaryFolder();
  await Promise.all(
    READERS.map(async ([, extension, read], i) => {
      const file = join(folder, `${i}${extension}`);
      spawnSync('mkfifo', [file]);
      await expect(read(file)).rejects.toThrow(
        `${file}: expected a file, or a pipe that something writes to, found a named pipe that nothing opened for ` +
          'writing in 5 seconds; start the writer first, or give a file',
      );
    }),
  );
});

it('refuses a text whose line is too long', async () => {
  const file = join(temporaryFolder(), 'texts.txt');
  writeFileSync(file, `a car\n${'a'.repeat(2 ** 20 + 1)}`);
  await expect(readTexts(file)).rejects.toThrow(
    `${file} line 2: expected a line of at most 1,048,576 characters, got a longer one; end lines with a line break`,
  );
});

it('refuses too many rows, however short they are', async () => {
  const [texts, prompts, csv, tsv] = ['texts.txt', 'prompts.csv', 'sts.csv', 'sts.tsv'].map((name) =>
    join(temporaryFolder(), name),
  );
  writeFileSync(texts, 'a\n'.repeat(2 ** 24 + 1));
  await expect(readTexts(texts)).rejects.toThrow(
    `${texts}: expected at most 16,777,216 texts, got more; encode it in parts`,
  );
  writeFileSync(prompts, `ko,en\n${'a\n'.repeat(2 ** 20)}`);
  await expect(readPrompts(prompts)).rejects.toThrow(`${prompts}: line 2: expected 2 fields`);
  for (const path of [csv, tsv]) {
    writeFileSync(path, 'a\n'.repeat(2 ** 20 + 1));
    await expect(readStsFile(path)).rejects.toThrow(
      `${path}: expected at most 1,048,576 rows, got more; give a part of it`,
    );
  }
}, 120_000);
