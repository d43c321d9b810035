/** @file Whether this machine is connected to a network. */
import { networkInterfaces } from 'node:os';
import { isLoopback } from '../cluster/addresses.js';

/** Whether a host may be reached: it is this machine, or an interface other than the loopback device is up. */
export function isConnected({ hostname }: URL): boolean {
  if (isLoopback({ host: hostname.replace(/^\[|\]$/g, ''), port: 0 })) return true;
  try {
    return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ internal }) => !internal));
  } catch {
    return true; // the system does not say
  }
}
