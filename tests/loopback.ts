/** @file Addresses and servers on the loopback device. */
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { addressText, type Address } from '../src/cluster/addresses.js';
import { freePort } from '../src/cluster/network.js';

/** Addresses that nobody has now, for the ranks of a test. */
export async function loopbackAddresses(count: number): Promise<Address[]> {
  const ports = await Promise.all(Array.from({ length: count }, () => freePort()));
  return ports.map((port) => ({ host: '127.0.0.1', port }));
}

/** The same as `--hosts` takes them. */
export async function loopbackHosts(count: number): Promise<string> {
  return (await loopbackAddresses(count)).map(addressText).join();
}

/** Lets a server listen on a port that nobody has. Gives its address, such as `127.0.0.1:40123`. */
export async function listenOnLoopback(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Closes a server, and the connections that wait for answers. */
export function closeWithConnections(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
