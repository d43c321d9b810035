/** @file The addresses of the processes of a run. */
import { isIP } from 'node:net';

/** The address of a process of a run. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The processes of a run, and this process's rank. */
export interface Hosts {
  /** In rank order. */
  readonly addresses: readonly Address[];
  readonly rank: number;
}

/** `host:port` */
export function addressText({ host, port }: Address): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Whether an address can only be reached from this machine. */
export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
