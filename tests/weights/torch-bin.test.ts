import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { openShardedTorchBin, openTorchBin } from '../../src/weights/torch-bin.js';
import {
  failureOf,
  fileOf,
  fixture,
  float32Bytes,
  pickle,
  readAll,
  temporaryFolder,
  torchBytes,
  zipBytes,
} from './support.js';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

const NUMBERS = float32Bytes(...Array.from({ length: 12 }, (_, i) => i));
const storage = pickle.storage('FloatStorage', '0', 12);

/** A file with one tensor over the numbers 0 to 11. */
function viewBytes(offset: number, shape: number[], strides: number[], of = storage): Buffer {
  return torchBytes(pickle.file(pickle.dict(pickle.text('w'), pickle.tensor(of, offset, shape, strides))), {
    0: NUMBERS,
  });
}

async function failureOfBytes(bytes: Uint8Array): Promise<string> {
  const path = await fileOf(folder, 'pytorch_model.bin', bytes);
  const message = await failureOf(openTorchBin(path));
  expect(message.startsWith(`${path}: `)).toBe(true);
  return message.slice(path.length + 2);
}

/** Fails on opening with this pickle, and storage 0 as above. */
const failureOfPickle = (...body: Buffer[]): Promise<string> =>
  failureOfBytes(torchBytes(Buffer.concat(body), { 0: NUMBERS }));

describe('a file by PyTorch', () => {
  it('gives the tensors of the same model in safetensors', async () => {
    const bin = await openTorchBin(fixture('variants/teacher-bin/pytorch_model.bin'));
    const plain = await openSafetensors(fixture('teacher/model.safetensors'));
    const values = await readAll(bin);
    expect(values).toEqual(await readAll(plain));
    expect(values.size).toBe(53);
    for (const [name, { dtype, shape }] of plain.tensors) expect(bin.tensors.get(name)).toMatchObject({ dtype, shape });
    await Promise.all([bin.close(), plain.close()]);
  });

  it('may be in shards', async () => {
    const half = (name: string): Buffer =>
      torchBytes(pickle.file(pickle.dict(pickle.text(name), pickle.tensor(storage, 0, [2], [1]))), { 0: NUMBERS });
    await fileOf(folder, 'shard-1.bin', half('a'));
    await fileOf(folder, 'shard-2.bin', half('b'));
    const index = JSON.stringify({ weight_map: { a: 'shard-1.bin', b: 'shard-2.bin' } });
    const source = await openShardedTorchBin(await fileOf(folder, 'pytorch_model.bin.index.json', index));
    expect(await readAll(source)).toEqual(
      new Map([
        ['a', [0, 1]],
        ['b', [0, 1]],
      ]),
    );
    await source.close();
  });
});

describe('views of a storage', () => {
  it.each([
    ['a slice', 3, [2, 3], [3, 1], [3, 4, 5, 6, 7, 8]],
    ['a transpose', 0, [4, 3], [1, 4], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]],
    ['every second column of a part', 1, [2, 2], [6, 2], [1, 3, 7, 9]],
    ['three dimensions in another order', 0, [2, 3, 2], [1, 4, 2], [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]],
    ['a broadcast of few elements', 5, [3], [0], [5, 5, 5]],
    ['a scalar', 7, [], [], [7]],
    ['a dimension of one, whose stride means nothing', 0, [1, 2], [77, 1], [0, 1]],
    ['nothing', 12, [0, 4], [4, 1], []],
  ])('%s', async (_, offset, shape, strides, expected) => {
    const source = await openTorchBin(await fileOf(folder, 'view.bin', viewBytes(offset, shape, strides)));
    expect(source.tensors.get('w')).toMatchObject({ shape, dtype: 'F32' });
    expect([...(await source.read('w'))]).toEqual(expected);
    await source.close();
  });

  it.each([
    ['HalfStorage', Uint16Array.of(0, 0x3c00, 0x4000, 0x4200), 'read'],
    ['BFloat16Storage', Uint16Array.of(0, 0x3f80, 0x4000, 0x4040), 'read'],
    ['DoubleStorage', Float64Array.of(0, 1, 2, 3), 'read'],
    ['LongStorage', BigInt64Array.of(0n, 1n, 2n, 3n), 'readInt32'],
    ['ByteStorage', Uint8Array.of(0, 1, 2, 3), 'readInt32'],
  ] as const)('of a %s, transposed', async (type, data, how) => {
    const body = pickle.file(
      pickle.dict(pickle.text('w'), pickle.tensor(pickle.storage(type, 'k', 4), 0, [2, 2], [1, 2])),
    );
    const source = await openTorchBin(
      await fileOf(folder, 'typed.bin', torchBytes(body, { k: Buffer.from(data.buffer) })),
    );
    expect([...(await source[how]('w'))]).toEqual([0, 2, 1, 3]);
    await source.close();
  });

  it('share it, as tied weights do, and may be Parameters in an OrderedDict with metadata', async () => {
    const parameter = pickle.call(
      pickle.global('torch._utils', '_rebuild_parameter'),
      pickle.tensor(storage, 0, [12], [1]),
      Buffer.from([0x88]),
      Buffer.from('}'),
    );
    const body = pickle.file(
      pickle.call(pickle.global('collections', 'OrderedDict')),
      Buffer.from('('),
      pickle.text('whole'),
      parameter,
      pickle.text('last'),
      pickle.tensor(storage, 11, [1], [1]),
      pickle.text('steps'),
      pickle.int(7),
      Buffer.from('u'),
      pickle.dict(pickle.text('_metadata'), Buffer.from('}')),
      Buffer.from('b'),
    );
    const source = await openTorchBin(await fileOf(folder, 'tied.bin', torchBytes(body, { 0: NUMBERS })));
    expect(await readAll(source)).toEqual(
      new Map([
        ['whole', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
        ['last', [11]],
      ]),
    );
    await source.close();
  });

  it.each([
    ['beyond its end', 0, [13], [1]],
    ['beyond its end by the offset', 12, [1], [1]],
    ['beyond its end by a stride', 0, [2, 2], [11, 1]],
    ['as large as you like, by strides of zero', 0, [2 ** 30, 2 ** 30], [0, 0]],
    ['with strides beyond all numbers', 0, [2, 2], [2 ** 52, 2 ** 52]],
  ])('%s', async (_, offset, shape, strides) => {
    const found = `found shape [${shape.join(', ')}], strides [${strides.join(', ')}], offset ${offset}`;
    const remedy = strides.includes(0)
      ? 'save the tensor after contiguous(), or get the file again'
      : 'get the file again';
    expect(await failureOfBytes(viewBytes(offset, shape, strides))).toBe(
      `tensor w: expected a view within its storage of 12 elements, ${found}; ${remedy}`,
    );
  });

  it('with negative strides, or another number of strides than dimensions', async () => {
    expect(await failureOfBytes(viewBytes(11, [2], [-1]))).toMatch(
      /^tensor w: expected offset, shape and strides in whole numbers, one stride a dimension/,
    );
    expect(await failureOfBytes(viewBytes(0, [2], [1, 1]))).toMatch(/^tensor w: expected offset, shape and strides/);
  });

  it('of a storage that is missing, or of another size than the file says', async () => {
    expect(await failureOfBytes(viewBytes(0, [1], [1], pickle.storage('FloatStorage', '1', 12)))).toBe(
      'tensor w: expected its values in archive/data/1 of the zip, which is not there; get the file again',
    );
    expect(await failureOfBytes(viewBytes(0, [1], [1], pickle.storage('FloatStorage', '0', 11)))).toBe(
      'tensor w: expected 44 bytes for 11 values of F32 in archive/data/0, found 48; get the file again',
    );
    expect(await failureOfBytes(viewBytes(0, [1], [1], pickle.storage('DoubleStorage', '0', 12)))).toMatch(
      /expected 96 bytes for 12 values of F64 .* found 48/,
    );
    expect(await failureOfBytes(viewBytes(0, [1], [1], pickle.storage('FloatStorage', '0', 2 ** 52)))).toMatch(
      /expected 18014398509481984 bytes .* found 48/,
    );
  });
});

describe('foreign globals are refused by name', () => {
  const command = pickle.text('touch /tmp/owned');
  const refusal = (name: string): string =>
    `expected tensors only, found the Python object ${name}; get or make a safetensors file of the model instead`;

  it.each([
    ['protocol 0', Buffer.from("cposix\nsystem\n(S'touch /tmp/owned'\ntR."), 'posix.system'],
    ['protocol 2', pickle.file(pickle.call(pickle.global('posix', 'system'), command)), 'posix.system'],
    [
      'protocol 4',
      Buffer.concat([
        Buffer.from('\x80\x04\x95\0\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93', 'latin1'),
        pickle.stop,
      ]),
      'posix.system',
    ],
    ['by INST', Buffer.concat([Buffer.from('('), command, Buffer.from('iposix\nsystem\n.')]), 'posix.system'],
    [
      'inside a tensor',
      pickle.file(pickle.dict(pickle.text('w'), pickle.tensor(pickle.global('builtins', 'eval'), 0, [1], [1]))),
      'builtins.eval',
    ],
    [
      'as a storage',
      viewBytes(0, [1], [1], pickle.storage('ComplexFloatStorage', '0', 12)),
      'torch.ComplexFloatStorage',
    ],
    [
      'a method of a known one',
      pickle.file(pickle.global('torch._utils', '_rebuild_tensor_v2.__globals__')),
      'torch._utils._rebuild_tensor_v2.__globals__',
    ],
    ['an own property of objects', pickle.file(pickle.global('', 'constructor')), '.constructor'],
    [
      'a module',
      pickle.file(pickle.global('transformers.models.clip', 'CLIPModel')),
      'transformers.models.clip.CLIPModel',
    ],
  ])('%s', async (_, body, name) => {
    expect(
      await failureOfBytes(body.subarray(0, 2).toString() === 'PK' ? body : torchBytes(body, { 0: NUMBERS })),
    ).toBe(refusal(name));
  });
});

describe('damage', () => {
  it('PyTorch before 1.6', async () => {
    const legacy = Buffer.from('\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.', 'latin1');
    expect(await failureOfBytes(legacy)).toBe(
      'expected the zip format of PyTorch 1.6 and later, found the older one; load and save it again with a ' +
        'newer PyTorch, or use a safetensors file',
    );
  });

  it('not a zip at all', async () => {
    expect(await failureOfBytes(Buffer.from('hello'))).toBe(
      'expected a zip file made by torch.save, found something else; get the file again',
    );
    expect(await failureOfBytes(Buffer.alloc(0))).toBe(
      'expected a zip file made by torch.save, found something else; get the file again',
    );
    expect(await failureOfBytes(Buffer.from('version https://git-lfs.github.com/spec/v1\n'))).toMatch(
      /run `git lfs pull`/,
    );
  });

  it('truncated zip', async () => {
    const whole = await readFile(fixture('variants/teacher-bin/pytorch_model.bin'));
    for (const size of [4, 30, 5000, 100_000, whole.length - 1]) {
      expect(await failureOfBytes(whole.subarray(0, size))).toMatch(
        /^expected a sound zip file: .*; get the file again$/,
      );
    }
  });

  it('zip without a pickle, with two, compressed, or with a name twice', async () => {
    const one = Buffer.from('.');
    expect(await failureOfBytes(zipBytes([['archive/other', one]]))).toBe(
      'expected one data.pkl in the zip, as torch.save writes, found 0; get the file again',
    );
    expect(
      await failureOfBytes(
        zipBytes([
          ['a/data.pkl', one],
          ['b/data.pkl', one],
        ]),
      ),
    ).toMatch(/found 2; get the file again$/);
    expect(await failureOfBytes(zipBytes([['a/data.pkl', one]], 8))).toBe(
      'entry a/data.pkl: expected to be stored as it is, as torch.save does, found it compressed or encrypted; get the file again',
    );
    expect(
      await failureOfBytes(
        zipBytes([
          ['a/data.pkl', one],
          ['a/data.pkl', one],
        ]),
      ),
    ).toBe('entry a/data.pkl: expected once in the zip, found twice; get the file again');
  });

  it('zip64 offsets beyond all files', async () => {
    const zip = zipBytes([['a/data.pkl', Buffer.from('.')]]);
    const locator = Buffer.concat([
      Buffer.from('PK\x06\x07\0\0\0\0'),
      Buffer.alloc(8, 0x7f),
      Buffer.from([1, 0, 0, 0]),
    ]);
    const at = zip.length - 22;
    expect(await failureOfBytes(Buffer.concat([zip.subarray(0, at), locator, zip.subarray(at)]))).toMatch(
      /^expected a sound zip file: an offset of 9187201950435738000;/,
    );
  });

  it('big-endian', async () => {
    expect(
      await failureOfBytes(
        zipBytes([
          ['a/data.pkl', Buffer.from('.')],
          ['a/byteorder', Buffer.from('big')],
        ]),
      ),
    ).toBe('expected byte order little, found big; save it again on a little-endian machine');
  });

  it('not a dictionary of tensors', async () => {
    expect(await failureOfPickle(pickle.file(pickle.int(3)))).toBe(
      'expected a dictionary of tensors, as torch.save(model.state_dict()) writes, found something else; ' +
        'save the state dict alone',
    );
    const nested = pickle.dict(
      pickle.text('epoch'),
      pickle.int(3),
      pickle.text('state_dict'),
      pickle.dict(pickle.text('w'), pickle.tensor(storage, 0, [1], [1])),
    );
    expect(await failureOfPickle(pickle.file(nested))).toMatch(
      /found a dictionary of epoch, state_dict; rename the file to (whole-(.+)) and save state_dict alone: torch\.save\(torch\.load\("\1"\)\["state_dict"\], "\2"\)$/,
    );
  });

  it.each([
    ['an empty pickle', Buffer.alloc(0), /^expected 1 more bytes of pickle at byte 0, found 0; get the file again$/],
    ['a pickle cut short', Buffer.from('\x80\x02}', 'latin1'), /^expected 1 more bytes of pickle at byte 3/],
    [
      'an opcode that no tensor needs',
      Buffer.from('\x80\x02\x97.', 'latin1'),
      /^expected a pickle as torch\.save writes it, found opcode 0x97 at byte 2; convert the file to safetensors$/,
    ],
    [
      'a text that claims four gigabytes',
      Buffer.from('X\xff\xff\xff\xffab.', 'latin1'),
      /^expected 4294967295 more bytes of pickle at byte 5, found 3/,
    ],
    [
      'an integer that claims 255 bytes',
      Buffer.from('\x8a\xff.', 'latin1'),
      /^expected integers of at most 8 bytes, found one of 255 at byte 2; get the file again$/,
    ],
    [
      'a text not in UTF-8',
      Buffer.from('X\x01\0\0\0\xff.', 'latin1'),
      /^expected text in UTF-8 at byte 5 of the pickle/,
    ],
    ['a global without an end', Buffer.from('cposix'), /^expected 1 more bytes of pickle/],
    [
      'an end without a beginning',
      Buffer.from('t.'),
      /^expected a sound pickle, found an end without a beginning before byte 1;/,
    ],
    ['an empty stack', Buffer.from('0.'), /found too few values on the stack/],
    ['values taken from below a mark', Buffer.from(')(0.'), /found too few values on the stack/],
    ['a memo never written', Buffer.from('h\x07.'), /found a reference to object 7, which is not there/],
    ['a call of a number', Buffer.from('K\x01)R.'), /found a call of something that is not a function/],
    ['items for a number', Buffer.from('K\x01K\x02a.'), /found items for something that is not a list/],
    ['an odd number of items', Buffer.from('}(K\x01u.'), /found items for something that is not a dictionary/],
    ['attributes for a list', Buffer.from(']}b.'), /found attributes for something that is not a dictionary/],
    ['another persistent id', Buffer.from('K\x01Q.'), /^expected references to storages only, found another/],
    [
      'a tensor without a storage',
      pickle.file(pickle.dict(pickle.text('w'), pickle.tensor(pickle.int(1), 0, [1], [1]))),
      /found a dictionary of w; save the state dict alone$/,
    ],
    ['a list that holds itself', Buffer.from(']q\x00h\x00a.'), /found something else; save the state dict alone$/],
    [
      'a dictionary that holds itself',
      Buffer.from('}q\x00(X\x01\0\0\0wh\x00u.'),
      /found a dictionary of w; save the state dict alone$/,
    ],
  ])('%s', async (_, body, expected) => {
    expect(await failureOfPickle(body)).toMatch(expected);
  });

  it('a pickle of endless steps', async () => {
    for (const step of ['}', '(']) {
      const message = await failureOfPickle(Buffer.alloc(1_000_001, step));
      expect(message).toMatch(
        /^expected a pickle of at most 1000000 steps, found a longer one; convert the file to safetensors$/,
      );
    }
  });

  it.each([
    ['_rebuild_tensor_v2', []],
    ['_rebuild_tensor_v3', [pickle.global('torch', 'uint16')]],
  ])(
    'a view by %s that is yet to be negated, as PyTorch keeps an imaginary part of a conjugate',
    async (name, type) => {
      const view = pickle.call(
        pickle.global('torch._utils', name),
        storage,
        pickle.int(0),
        pickle.tuple(pickle.int(2)),
        pickle.tuple(pickle.int(1)),
        Buffer.from([0x89]),
        Buffer.from('N'),
        ...type,
        pickle.dict(pickle.text('neg'), Buffer.from([0x88])),
      );
      expect(await failureOfPickle(pickle.file(pickle.dict(pickle.text('w'), view)))).toBe(
        'tensor w: expected its values as they are, found a view with neg set, which is computed later; ' +
          'save the tensor after resolve_neg() and resolve_conj()',
      );
    },
  );

  it('a tower of tuples, each of the one before twice', async () => {
    const doubling = Buffer.concat([Buffer.from(')'), Buffer.alloc(3000, '2\x86', 'latin1'), Buffer.from('.')]);
    expect(await failureOfPickle(doubling)).toMatch(/found something else; save the state dict alone$/);
  });
});
