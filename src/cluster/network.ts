/** @file The network between the processes of a run: what every kind of it can do. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { InputError, messageOf } from '../base/errors.js';

/** A server that accepts connections. */
export interface Listener {
  close(): void;
}

/** Every rank's text, in their order: see `Ranks.gather`. */
export type Gather = (topic: string, text: string) => Promise<readonly string[]>;

/** How the processes of a run reach each other. */
export interface Network {
  /** Accepts the other ranks' connections, at the first rank. */
  listen(onConnection: (socket: Duplex) => void): Promise<Listener>;
  /**
   * Connects to the first rank.
   *
   * @param within milliseconds, a whole number
   * @throws InputError where that will not change, and other errors where it may
   */
  connect(within: number): Promise<Duplex>;
  /**
   * Listens where the other ranks expect this one, if they do.
   *
   * @throws InputError where the address is taken, or none of this machine's
   */
  open(): Promise<void>;
  /** Called with a message for every connection that is refused. */
  readonly onRefused: (text: string) => void;
  /** The network device that TensorFlow's port is tied to. */
  readonly device: string;
  /**
   * Opens routes between the ranks' TensorFlow servers; all ranks call it together.
   *
   * @param port of this rank's server, which need not listen yet
   * @returns `host:port` of every rank's server, as this process reaches it
   */
  openRoutes(port: number, gather: Gather): Promise<readonly string[]>;
}

/**
 * Waits until a server listens.
 *
 * @param address as it is shown
 * @throws InputError where the address is taken, or none of this machine's
 */
export async function listening(server: Server, address: string): Promise<void> {
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new InputError(`${address}: expected to listen there, got ${messageOf(error)}; name another address`, {
      cause: error,
    });
  }
}

/** A port of the loopback device that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
