/** @file The addresses of the processes of a run. */
import { isIP } from 'node:net';

/** Where a process of a run is reached. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The processes of a run, and which of them this is. */
export interface Hosts {
  /** In the order of their ranks. */
  readonly addresses: readonly Address[];
  readonly rank: number;
}

/** `host:port` */
export function addressText({ host, port }: Address): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Whether only this machine reaches an address. */
export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
