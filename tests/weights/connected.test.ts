import { createServer, type Server } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isConnected } from '../../src/weights/connected.js';
import { resolveModelFolder } from '../../src/weights/hub.js';
import { listenOnLoopback } from '../loopback.js';
import { failureOf } from './support.js';

const interfaces = vi.hoisted(() => vi.fn());
vi.mock('node:os', async (original) => ({ ...(await original<object>()), networkInterfaces: interfaces }));

const at = (address: string, internal: boolean): NetworkInterfaceInfo[] => [
  { address, internal, family: 'IPv4', netmask: '255.0.0.0', mac: '00:00:00:00:00:00', cidr: null },
];
const LOOPBACK = { lo: at('127.0.0.1', true) };
const ETHERNET = { ...LOOPBACK, eth0: at('10.0.0.2', false) };

describe('a machine', () => {
  it.each([
    ['with nothing', {}, 'https://hub.example', false],
    ['with the loopback device only', LOOPBACK, 'https://hub.example', false],
    ['with a network', ETHERNET, 'https://hub.example', true],
    ['with the loopback device only, and itself as the hub', LOOPBACK, 'http://127.0.0.1:8080', true],
    ['with the loopback device only, and itself as the proxy', LOOPBACK, 'http://[::1]:8080', true],
  ])('%s', (_, found, address, expected) => {
    interfaces.mockReturnValue(found);
    expect(isConnected(new URL(address))).toBe(expected);
  });

  it('whose interfaces the system does not tell is taken for connected', () => {
    interfaces.mockImplementation(() => {
      throw new Error('EPERM');
    });
    expect(isConnected(new URL('https://hub.example'))).toBe(true);
  });
});

describe('a hub that does not answer', () => {
  let silent: Server;
  let port: string;
  beforeEach(async () => {
    silent = createServer();
    port = (await listenOnLoopback(silent)).split(':')[1];
  });
  afterEach(() => silent.close());

  /** Under this address, too, Linux reaches itself. */
  const ask = (onWait?: (text: string) => void): Promise<string> =>
    failureOf(
      resolveModelFolder('a/b', {
        flag: '--teacher',
        parts: ['config'],
        hubUrl: `http://0.0.0.0:${port}`,
        ...(onWait && { onWait }),
      }),
    );

  it('is not waited for without a network', async () => {
    interfaces.mockReturnValue(LOOPBACK);
    const started = performance.now();
    expect(await ask()).toBe(
      `a/b: no such folder, and the hub (http://0.0.0.0:${port}) cannot be reached ` +
        '(this machine is not connected to a network); connect, or give a local folder to --teacher',
    );
    expect(performance.now() - started).toBeLessThan(6000);
  });

  it('is waited for with a network', async () => {
    interfaces.mockReturnValue(ETHERNET);
    vi.stubEnv('HF_HUB_DOWNLOAD_TIMEOUT', '3.5');
    const onWait = vi.fn();
    expect(await ask(onWait)).toContain('cannot be reached (no answer within 3.5 s); connect');
    expect(onWait.mock.calls).toEqual([[`a/b: waiting for an answer from http://0.0.0.0:${port}`]]);
    vi.unstubAllEnvs();
  });
});
