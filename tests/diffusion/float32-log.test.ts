import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { float32Log } from '../../src/diffusion/float32-log.js';

it('is the logarithm of NumPy 2.4 to the last bit, which one time in twelve is not the nearest', () => {
  const numbers = Float32Array.from({ length: 20_000 }, (_, i) => (i + 1) / 997);
  const logs = numbers.map(float32Log);
  // hashlib.sha256(np.log((np.arange(1, 20001) / 997).astype(np.float32)).tobytes())
  expect(createHash('sha256').update(Buffer.from(logs.buffer)).digest('hex')).toBe(
    'd8c44c6109710a9e241b6500f6aa3ac913d1515fb8f1c89813513cacc4dee6e6',
  );
  expect(logs.filter((log, i) => log !== Math.fround(Math.log(numbers[i])))).toHaveLength(1659);
});

it('covers the smallest to the largest number', () => {
  const numbers = Float32Array.of(0, 1e-38, 2 ** -24, 1, 157.40717, 4096, 3.4e38);
  const logs = [-Infinity, -87.49823760986328, -16.63553237915039, 0, 5.058835983276367, 8.317766189575195];
  expect([...numbers.map(float32Log)]).toEqual([...logs, 88.72200775146484]);
});
