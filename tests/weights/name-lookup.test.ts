import { afterEach, expect, it, vi } from 'vitest';
import { limitLookups } from '../../src/weights/name-lookup.js';

const readFileSync = vi.hoisted(() => vi.fn());
vi.mock('node:fs', async (original) => ({ ...(await original<object>()), readFileSync }));

afterEach(() => {
  vi.unstubAllEnvs();
});

const OWN = 'nameserver 10.0.0.1\noptions ndots:5 timeout:8\n';

it.each([
  ['ends before a request does', false, 'nameserver 10.0.0.1\n', undefined, 'timeout:2 attempts:2'],
  ['ends at once without a network', true, 'nameserver 10.0.0.1\n', undefined, 'timeout:1 attempts:1'],
  ['takes as long as the machine has it', false, OWN, undefined, undefined],
  ['ends at once without a network, whatever the machine has', true, OWN, undefined, 'timeout:1 attempts:1'],
  ['takes as long as the user has it', true, OWN, 'timeout:30', 'timeout:30'],
])('a lookup of a name %s', (_, isUnconnected, file, given, expected) => {
  readFileSync.mockReturnValue(file);
  vi.stubEnv('RES_OPTIONS', given);
  limitLookups(isUnconnected);
  expect(process.env.RES_OPTIONS).toBe(expected);
});

it('ends before a request does where the machine does not say how it looks names up', () => {
  readFileSync.mockImplementation(() => {
    throw new Error('ENOENT');
  });
  vi.stubEnv('RES_OPTIONS', undefined);
  limitLookups(false);
  expect(process.env.RES_OPTIONS).toBe('timeout:2 attempts:2');
});
