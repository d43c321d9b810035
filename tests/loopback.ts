/** @file Addresses of the loopback device for the ranks of a test. */
import { addressText, type Address } from '../src/cluster/addresses.js';
import { freePort } from '../src/cluster/network.js';

/** Addresses that nobody has now. */
export async function loopbackAddresses(count: number): Promise<Address[]> {
  const ports = await Promise.all(Array.from({ length: count }, () => freePort()));
  return ports.map((port) => ({ host: '127.0.0.1', port }));
}

/** The same as `--hosts` takes them. */
export async function loopbackHosts(count: number): Promise<string> {
  return (await loopbackAddresses(count)).map(addressText).join();
}
