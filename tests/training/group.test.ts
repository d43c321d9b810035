/** @file The servers of several processes, before their first step. */
import { beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/cluster/network.js';
import type { Ranks } from '../../src/cluster/ranks.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { openGroup } from '../../src/training/group.js';
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

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('a group of processes', () => {
  beforeAll(async () => {
    await loadBackend('tensorflow', 'cpu');
  });

  it('does not start if one cannot reach another', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    await expect(openGroup(firstOfTwo(nobody, '[0.1,0]'), DEVICES)).rejects.toThrow(
      `rank 0: expected to reach TensorFlow on rank 1, got connect ECONNREFUSED ${nobody}; ` +
        "let every rank's host be reached from all others",
    );
  });
});
