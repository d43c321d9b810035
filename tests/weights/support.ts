/**
 * @file Files for the tests of the weights room: fixtures, temporary folders, and builders of sound and damaged files.
 */
import { mkdtempSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import type { TensorSource } from '../../src/weights/tensor-source.js';

export const PARITY = new URL('../fixtures/parity/', import.meta.url).pathname;

/** A path in the parity fixtures. */
export function fixture(path: string): string {
  return join(PARITY, path);
}

const root = mkdtempSync(join(tmpdir(), 'kd-weights-'));
afterAll(() => rm(root, { recursive: true, force: true }));

/** A new folder, which is removed after the file's tests. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(root, 'test-'));
}

/** The InputError's message of a promise that must fail, checked to be one line. */
export async function failureOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message).not.toMatch(/[\n\r]/);
  return message;
}

/** All tensors of a source, as float32, or as int32 where they are integers. */
export async function readAll(source: TensorSource): Promise<Map<string, number[]>> {
  const values = new Map<string, number[]>();
  for (const [name, { dtype }] of source.tensors) {
    values.set(name, [...(dtype.startsWith('I') ? await source.readInt32(name) : await source.read(name))]);
  }
  return values;
}

/** A safetensors file from its parts; `length` overrides what the first 8 bytes say. */
export function safetensorsBytes(header: unknown, data: Uint8Array | number = 0, length?: bigint): Buffer {
  const text = Buffer.isBuffer(header)
    ? header
    : Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, typeof data === 'number' ? Buffer.alloc(data) : data]);
}

/** Writes bytes to a new file of a folder and gives its path. */
export async function fileOf(folder: string, name: string, bytes: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** A zip whose entries are stored as they are, unless `method` says they are compressed. Checksums are left zero. */
export function zipBytes(entries: readonly (readonly [name: string, data: Uint8Array])[], method = 0): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, data] of entries) {
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(10, 0); // version needed
    fields.writeUInt16LE(0x800, 2); // names in UTF-8
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    const body = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), data]);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x0a\x00'), fields, place, Buffer.from(name)]));
    bodies.push(body);
    offset += body.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, central, end]);
}

/** Pickle opcodes, to put pickles together by hand. */
export const pickle = {
  start: Buffer.from([0x80, 2]),
  stop: Buffer.from('.'),
  text: (value: string): Buffer =>
    Buffer.concat([Buffer.from('X'), uint32(Buffer.byteLength(value)), Buffer.from(value)]),
  int: (value: number): Buffer =>
    Number.isInteger(value) && Math.abs(value) < 2 ** 31
      ? Buffer.concat([Buffer.from('J'), int32(value)])
      : long(value),
  global: (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`),
  tuple: (...items: Buffer[]): Buffer => Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')]),
  dict: (...items: Buffer[]): Buffer => Buffer.concat([Buffer.from('}('), ...items, Buffer.from('u')]),
  call: (callee: Buffer, ...args: Buffer[]): Buffer => Buffer.concat([callee, pickle.tuple(...args), Buffer.from('R')]),
  storage: (type: string, key: string, length: number): Buffer =>
    Buffer.concat([
      pickle.tuple(
        pickle.text('storage'),
        pickle.global('torch', type),
        pickle.text(key),
        pickle.text('cpu'),
        pickle.int(length),
      ),
      Buffer.from('Q'),
    ]),
  tensor: (storage: Buffer, offset: number, shape: readonly number[], strides: readonly number[]): Buffer =>
    pickle.call(
      pickle.global('torch._utils', '_rebuild_tensor_v2'),
      storage,
      pickle.int(offset),
      pickle.tuple(...shape.map(pickle.int)),
      pickle.tuple(...strides.map(pickle.int)),
      Buffer.from([0x89]),
      pickle.call(pickle.global('collections', 'OrderedDict')),
    ),
  file: (...body: Buffer[]): Buffer => Buffer.concat([pickle.start, ...body, pickle.stop]),
};

/** A `pytorch_model.bin` from its pickle and storages. */
export function torchBytes(data: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}): Buffer {
  const files = Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes] as const);
  return zipBytes([
    ['archive/data.pkl', data],
    ['archive/byteorder', Buffer.from('little')],
    ...files,
    ['archive/version', Buffer.from('3\n')],
  ]);
}

/** Float32 values as stored bytes. */
export function float32Bytes(...values: number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

/** A stateless pseudo-random generator of integers below a bound (mulberry32). */
export function randomIntegers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(10, 0x8a);
  bytes[1] = 8;
  bytes.writeBigInt64LE(BigInt(value), 2);
  return bytes;
}
