import { expect, it } from 'vitest';
import { MessageWriter } from '../../src/base/message-writer.js';
import { bytes } from '../../src/base/protobuf.js';

// The first and the third are examples of https://protobuf.dev/programming-guides/encoding.
it('writes fields of every type', () => {
  const to = new MessageWriter(1);
  const encoded = (): string => to.finish().toString('hex');
  to.integer(1, 150);
  expect(encoded()).toBe('089601');
  to.integer(16, true);
  expect(encoded().slice(6)).toBe('800101');
  to.text(2, 'testing');
  expect(encoded().slice(12)).toBe('120774657374696e67');
  to.text(2, 'a차');
  expect(encoded().slice(30)).toBe('120461ecb0a8');
  to.integer(1, -2);
  expect(encoded().slice(42)).toBe('08feffffffffffffffff01');
  to.integer(1, 2 ** 53 - 1);
  expect(encoded().slice(64)).toBe('08ffffffffffffff0f');
  to.float(1, 1.5);
  to.double(1, 1.5);
  expect(encoded().slice(82)).toBe('0d0000c03f09000000000000f83f');
});

it('writes messages of every length within messages', () => {
  for (const length of [0, 1, 126, 127, 128, 129, 16_383, 16_384, 16_385]) {
    const content = new Uint8Array(length).map((_, i) => i);
    const to = new MessageWriter(1);
    to.message(3, () => {
      to.message(4, () => {
        to.bytes(5, content);
      });
      to.text(6, 'after');
    });
    const expected = bytes(3, [bytes(4, bytes(5, content)), bytes(6, 'after')]);
    expect(Buffer.compare(to.finish(), expected), `${length} bytes`).toBe(0);
  }
});
