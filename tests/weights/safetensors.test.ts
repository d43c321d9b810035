import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors, openShardedSafetensors } from '../../src/weights/safetensors.js';
import { failureOf, fileOf, fixture, readAll, safetensorsBytes, temporaryFolder } from './support.js';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await temporaryFolder();
});

/** Opens a file of these bytes; the message has the file's path cut off. */
async function failureOfBytes(bytes: Uint8Array): Promise<string> {
  const path = await fileOf(folder, `damaged-${count++}.safetensors`, bytes);
  const message = await failureOf(openSafetensors(path));
  expect(message.startsWith(`${path}: `)).toBe(true);
  return message.slice(path.length + 2);
}

const vector = (begin: number, end: number, shape = [(end - begin) / 4]): object => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('an intact file', () => {
  it('lists names, dtypes and shapes before any value is read', async () => {
    const source = await openSafetensors(fixture('teacher/model.safetensors'));
    expect(source.tensors.size).toBe(53);
    expect(source.tensors.get('text_model.embeddings.token_embedding.weight')).toMatchObject({
      dtype: 'F32',
      shape: [1115, 48],
    });
    await source.close();
  });

  it('gives float32 values and integers', async () => {
    const source = await openSafetensors(fixture('teacher/model.safetensors'));
    expect([...(await source.readInt32('text_model.embeddings.position_ids'))]).toEqual(
      Array.from({ length: 77 }, (_, i) => i),
    );
    const path = fixture('teacher/model.safetensors');
    const bytes = await readFile(path);
    const dataStart = 8 + Number(bytes.readBigUInt64LE());
    const values = await source.read('text_model.embeddings.position_embedding.weight');
    expect(values).toHaveLength(77 * 48);
    expect(values[5]).toBe(bytes.readFloatLE(dataStart + 616 + 20));
    await source.close();
  });

  it.each([
    ['F64', Float64Array.of(1.5, -2, 1e-3), 'read', [1.5, -2, Math.fround(1e-3)]],
    ['F16', Uint16Array.of(0x3e00, 0xc000, 0x7bff), 'read', [1.5, -2, 65504]],
    ['BF16', Uint16Array.of(0x3fc0, 0xc000, 0x4780), 'read', [1.5, -2, 65536]],
    ['I64', BigInt64Array.of(1n, -2n, 2147483647n), 'readInt32', [1, -2, 2147483647]],
    ['I32', Int32Array.of(1, -2, 2147483647), 'readInt32', [1, -2, 2147483647]],
    ['I16', Int16Array.of(1, -2, 32767), 'readInt32', [1, -2, 32767]],
    ['U8', Uint8Array.of(1, 2, 255), 'readInt32', [1, 2, 255]],
    ['BOOL', Uint8Array.of(1, 0, 1), 'readInt32', [1, 0, 1]],
  ] as const)('converts %s', async (dtype, data, how, expected) => {
    const bytes = safetensorsBytes(
      { x: { dtype, shape: [3], data_offsets: [0, data.byteLength] } },
      Buffer.from(data.buffer),
    );
    const source = await openSafetensors(await fileOf(folder, `${dtype}.safetensors`, bytes));
    expect([...(await source[how]('x'))]).toEqual(expected);
    await source.close();
  });

  it('may have scalars, empty tensors, no tensors, and names in any language', async () => {
    const header = { 'ㄱ: "가"\\': vector(0, 4, []), empty: vector(4, 4, [3, 0]), __metadata__: { 'x:': '"{' } };
    const source = await openSafetensors(await fileOf(folder, 'odd.safetensors', safetensorsBytes(header, 4)));
    expect(await readAll(source)).toEqual(
      new Map([
        ['ㄱ: "가"\\', [0]],
        ['empty', []],
      ]),
    );
    await source.close();
    const none = await openSafetensors(await fileOf(folder, 'none.safetensors', safetensorsBytes({})));
    expect(none.tensors.size).toBe(0);
    await none.close();
  });

  it('may have null for its metadata', async () => {
    const bytes = safetensorsBytes({ __metadata__: null, x: vector(0, 4) }, 4);
    const source = await openSafetensors(await fileOf(folder, 'null.safetensors', bytes));
    expect([...source.tensors.keys()]).toEqual(['x']);
    await source.close();
  });

  it('says which dtype it found when another is asked for', async () => {
    const source = await openSafetensors(fixture('teacher/model.safetensors'));
    const name = 'text_model.embeddings.position_ids';
    expect(await failureOf(source.read(name))).toMatch(
      /: tensor text_model\.embeddings\.position_ids: expected floating-point values \(F32, F16, BF16, F64\), found I64; store it as F32$/,
    );
    expect(await failureOf(source.readInt32('text_model.final_layer_norm.bias'))).toMatch(
      /: expected integers, found F32; store it as I32 or I64$/,
    );
    await source.close();
  });

  it('refuses integers that 32 bits cannot hold', async () => {
    const bytes = safetensorsBytes(
      { x: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } },
      Buffer.from(BigInt64Array.of(2n ** 40n).buffer),
    );
    const source = await openSafetensors(await fileOf(folder, 'wide.safetensors', bytes));
    expect(await failureOf(source.readInt32('x'))).toMatch(
      /: tensor x: expected integers that fit in 32 bits, found 1099511627776; store it as I32, with smaller values$/,
    );
    await source.close();
  });
});

describe('damage', () => {
  it('missing file', async () => {
    const path = join(folder, 'nowhere.safetensors');
    expect(await failureOf(openSafetensors(path))).toBe(`${path}: cannot be read: no such file or folder`);
    expect(await failureOf(openSafetensors(folder))).toBe(`${folder}: expected a file, found a folder`);
  });

  it('a link to a file that is not there', async () => {
    const path = join(folder, 'link.safetensors');
    await symlink('../../blobs/abc', path);
    expect(await failureOf(openSafetensors(path))).toBe(
      `${path}: expected a file, found a link to ../../blobs/abc, where there is none; put the file there, or in ` +
        'place of the link',
    );
  });

  it('shorter than the length field', async () => {
    expect(await failureOfBytes(Buffer.from('abc'))).toBe(
      'expected a safetensors file, which is at least 8 bytes long, found 3; get the file again',
    );
    expect(await failureOfBytes(Buffer.alloc(0))).toMatch(/found 0; get the file again$/);
  });

  it('header longer than the cap', async () => {
    expect(await failureOfBytes(safetensorsBytes('{}', 0, 100_000_001n))).toBe(
      'expected a safetensors header of at most 100000000 bytes, the file says 100000001; get the file again',
    );
    expect(await failureOfBytes(safetensorsBytes('{}', 0, 2n ** 64n - 1n))).toMatch(
      /the file says 18446744073709551615; get the file again$/,
    );
  });

  it('header longer than the file', async () => {
    expect(await failureOfBytes(safetensorsBytes('{}', 0, 3n))).toBe(
      'expected a header of 3 bytes, as the file says, found 2; get the file again',
    );
  });

  it('a Git LFS pointer or a web page instead of the file', async () => {
    expect(
      await failureOfBytes(Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n')),
    ).toMatch(/; this is the pointer of a Git LFS file, run `git lfs pull` in its repository$/);
    expect(await failureOfBytes(Buffer.from('<!doctype html><html>'))).toMatch(
      /; this looks like a web page, get the file again$/,
    );
  });

  it('header not UTF-8', async () => {
    expect(await failureOfBytes(safetensorsBytes(Buffer.from('{"\xff":1}', 'latin1')))).toMatch(
      /^expected a header in UTF-8, found other bytes; get the file again$/,
    );
  });

  it('header not JSON, or not an object', async () => {
    expect(await failureOfBytes(safetensorsBytes('{"a":'))).toMatch(
      /^expected a header in JSON: .*; get the file again$/,
    );
    expect(await failureOfBytes(safetensorsBytes('["a"]'))).toMatch(
      /^expected a header that begins with \{, found \["a"\]; get the file again$/,
    );
    expect(await failureOfBytes(safetensorsBytes(''))).toMatch(
      /^expected a header that begins with \{, found ""; get the file again$/,
    );
    expect(await failureOfBytes(safetensorsBytes(' {}'))).toMatch(/^expected a header that begins with \{/);
  });

  it('header that would take gigabytes to parse', async () => {
    expect(await failureOfBytes(safetensorsBytes(`{"a":${'['.repeat(3_000_000)}`))).toBe(
      'expected a header of at most 3000000 objects and lists, found 3000001; get the file again',
    );
  });

  it('the same name twice', async () => {
    const entry = JSON.stringify(vector(0, 4));
    expect(await failureOfBytes(safetensorsBytes(`{"a":${entry},"\\u0061" :${entry}}`, 4))).toBe(
      'expected every name once in the header, found a twice; get the file again',
    );
  });

  it('metadata that is not text', async () => {
    expect(await failureOfBytes(safetensorsBytes({ __metadata__: { a: 1 } }))).toBe(
      'expected __metadata__ to be an object of strings, found something else; get the file again',
    );
  });

  it.each([
    ['unknown dtype', { ...vector(0, 4), dtype: 'F31' }, 'expected a dtype such as F32, F16 or BF16, found "F31"'],
    ['no dtype', { shape: [1], data_offsets: [0, 4] }, 'expected a dtype such as F32, F16 or BF16, found none'],
    [
      'a dtype named like an object’s own property',
      { ...vector(0, 4), dtype: 'constructor' },
      'expected a dtype such as F32, F16 or BF16, found "constructor"',
    ],
    ['negative shape', vector(0, 4, [-1]), 'expected a shape of whole numbers, found [-1]'],
    ['fractional shape', vector(0, 4, [0.5]), 'expected a shape of whole numbers, found [0.5]'],
    ['unsafe shape', vector(0, 4, [2 ** 53]), 'expected a shape of whole numbers, found [9007199254740992]'],
    ['shape that is not a list', { ...vector(0, 4), shape: 'x' }, 'expected a shape of whole numbers, found "x"'],
    ['one offset', { ...vector(0, 4), data_offsets: [4] }, 'expected data_offsets of two whole numbers, found [4]'],
    [
      'negative offset',
      { ...vector(0, 4), data_offsets: [-4, 0] },
      'expected data_offsets of two whole numbers, found [-4, 0]',
    ],
    ['an entry that is a list', [], 'expected an object with dtype, shape and data_offsets, found something else'],
    [
      'a shape larger than the bytes',
      vector(0, 4, [2]),
      'expected 8 bytes for F32 [2], the header gives it 4 (bytes 0 to 4)',
    ],
    [
      'a shape smaller than the bytes',
      vector(0, 4, [0]),
      'expected 0 bytes for F32 [0], the header gives it 4 (bytes 0 to 4)',
    ],
    [
      'a shape whose size overflows',
      vector(0, 4, [2 ** 40, 2 ** 40]),
      'expected 4.835703278458517e+24 bytes for F32 [1099511627776, 1099511627776], the header gives it 4 ' +
        '(bytes 0 to 4)',
    ],
    [
      'an end before the beginning',
      { ...vector(0, 4), data_offsets: [4, 0] },
      'expected 4 bytes for F32 [1], the header gives it -4 (bytes 4 to 0)',
    ],
    ['offsets beyond the file', vector(0, 400), 'expected bytes 0 to 400 after the header, the file has 4 there'],
  ])('%s', async (_, entry, expected) => {
    expect(await failureOfBytes(safetensorsBytes({ w: entry }, 4))).toBe(`tensor w: ${expected}; get the file again`);
  });

  it('overlapping offsets', async () => {
    expect(await failureOfBytes(safetensorsBytes({ a: vector(0, 8), b: vector(4, 12) }, 12))).toBe(
      'tensor b: expected to begin at byte 8 after the header, begins at 4: it shares bytes with the tensor before it; ' +
        'get the file again',
    );
  });

  it('a hole between tensors, before the first, or after the last', async () => {
    expect(await failureOfBytes(safetensorsBytes({ a: vector(0, 4), b: vector(8, 12) }, 12))).toBe(
      'tensor b: expected to begin at byte 4 after the header, begins at 8: it leaves a hole before it; get the file again',
    );
    expect(await failureOfBytes(safetensorsBytes({ a: vector(4, 8) }, 8))).toMatch(
      /^tensor a: expected to begin at byte 0 after the header, begins at 4/,
    );
    expect(await failureOfBytes(safetensorsBytes({ a: vector(0, 4) }, 8))).toBe(
      'expected 4 bytes of tensors after the header, the file has 8 there; get the file again',
    );
  });

  it('truncated anywhere', async () => {
    const whole = await readFile(fixture('student/model.safetensors'));
    expect(await failureOfBytes(whole.subarray(0, 200_000))).toMatch(
      /^tensor encoder\.\S+: expected bytes \d+ to \d+ after the header, the file has 195960 there; get the file again$/,
    );
    for (const size of [0, 7, 8, 9, 4000, whole.length - 1]) await failureOfBytes(whole.subarray(0, size));
  });

  it('names that would break the line', async () => {
    const message = await failureOfBytes(safetensorsBytes({ 'a\nb\u2028\u001b[31m': 1 }));
    expect(message).toBe(
      'tensor "a\\nb?\\u001b[31m": expected an object with dtype, shape and data_offsets, found something else; ' +
        'get the file again',
    );
    expect((await failureOfBytes(safetensorsBytes({ ['x'.repeat(100_000)]: 1 }))).length).toBeLessThan(300);
  });

  it('a file cut after it was opened', async () => {
    const path = await fileOf(folder, 'shrinking.safetensors', safetensorsBytes({ w: vector(0, 4) }, 4));
    const source = await openSafetensors(path);
    await fileOf(folder, 'shrinking.safetensors', 'short');
    expect(await failureOf(source.read('w'))).toMatch(
      /expected \d+ bytes, as when it was opened, found \d+; let no program change it/,
    );
    await source.close();
  });
});

describe('shards', () => {
  const index = (map: unknown): string => JSON.stringify({ metadata: {}, weight_map: map });

  it('are one source', async () => {
    const sharded = await openShardedSafetensors(fixture('variants/student-sharded/model.safetensors.index.json'));
    const single = await openSafetensors(fixture('student/model.safetensors'));
    expect(await readAll(sharded)).toEqual(await readAll(single));
    await Promise.all([sharded.close(), single.close()]);
  });

  it('missing shard', async () => {
    const path = await fileOf(folder, 'a.index.json', index({ w: 'gone.safetensors' }));
    expect(await failureOf(openShardedSafetensors(path))).toBe(
      `${path}: expected the shard gone.safetensors beside it, found no such file; fetch the missing shard`,
    );
  });

  it('tensor that is not in the shard named', async () => {
    await fileOf(folder, 'shard.safetensors', safetensorsBytes({ w: vector(0, 4) }, 4));
    const path = await fileOf(folder, 'b.index.json', index({ w: 'shard.safetensors', v: 'shard.safetensors' }));
    expect(await failureOf(openShardedSafetensors(path))).toBe(
      `${path}: tensor v: expected in shard.safetensors, which does not have it; the shards do not belong together: ` +
        'get all of them again',
    );
  });

  it.each(['../secret.safetensors', '/etc/passwd', '..', '', 7])('shard named %j', async (name) => {
    const path = await fileOf(folder, 'c.index.json', index({ w: name }));
    expect(await failureOf(openShardedSafetensors(path))).toMatch(
      /c\.index\.json: expected the name of a file beside the index, got .* \(weight_map\.w\); get the file again$/,
    );
  });

  it('index that is not JSON, or has no map', async () => {
    expect(await failureOf(openShardedSafetensors(await fileOf(folder, 'd.index.json', '{')))).toMatch(
      /d\.index\.json: expected JSON, got /,
    );
    expect(await failureOf(openShardedSafetensors(await fileOf(folder, 'e.index.json', 'null')))).toMatch(
      /e\.index\.json: expected an object, got null; get the file again$/,
    );
  });
});
