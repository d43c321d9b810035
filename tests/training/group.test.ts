/** @file The servers of several processes, before their first step. */
import { beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/cluster/network.js';
import type { Ranks } from '../../src/cluster/ranks.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { openGroup } from '../../src/training/group.js';
import { countDevices } from '../../src/training/sharing.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';

/** The first of two ranks, whose other one says what it is given. */
function firstOfTwo(other: string, told: string): Ranks {
  return {
    rank: 0,
    count: 2,
    timeout: 5,
    nameOf: (rank) => `rank ${rank}`,
    network: {
      device: 'lo',
      listen: () => Promise.reject(new Error('unused')),
      connect: () => Promise.reject(new Error('unused')),
      open: () => Promise.resolve(),
      onRefused: () => undefined,
      openRoutes: (port) => Promise.resolve([`127.0.0.1:${port}`, other]),
    },
    signal: new AbortController().signal,
    gather: (topic, text) => Promise.resolve([text, topic === 'reach' ? told : '']),
    lost: new AbortController().signal,
    unlessLost: (work) => work,
    orLost: (work) => work,
    end: () => Promise.resolve(),
    fail: () => Promise.resolve(),
  };
}

const DEVICES = { device: 'cpu', devices: 2, deviceRange: { offset: 0, count: 1 } } as const;

describe('the GPUs of several processes', () => {
  const ranksOf = (...told: string[]): Ranks => ({
    ...firstOfTwo('', ''),
    gather: () => Promise.resolve(told),
  });

  it('are counted in rank order', async () => {
    expect(await countDevices(ranksOf('[1,["GPU-1"]]', '[2,["GPU-2","GPU-3"]]'), 1, ['GPU-1'])).toEqual({
      devices: 3,
      deviceRange: { offset: 0, count: 1 },
    });
  });

  it('must be different ones', async () => {
    await expect(countDevices(ranksOf('[1,["GPU-1"]]', '[2,["GPU-2","GPU-1"]]'), 1, ['GPU-1'])).rejects.toThrow(
      'rank 1: expected a GPU of its own, got GPU-1, which rank 0 uses; name another for each process of a machine, ' +
        'as with --device gpu:1',
    );
  });
});

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('a group of processes', () => {
  beforeAll(async () => {
    await loadBackend('tensorflow', 'cpu');
  });

  it('does not start if one cannot reach another', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    await expect(openGroup(firstOfTwo(nobody, '[0.1,0]'), DEVICES)).rejects.toThrow(
      `rank 0: expected to reach TensorFlow on rank 1, got connect ECONNREFUSED ${nobody}; ` +
        "make every rank's host reachable from all others",
    );
  });
});
