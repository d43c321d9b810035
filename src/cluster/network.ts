/** @file The interface of the network between the processes of a run. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { InputError, messageOf } from '../base/errors.js';

/** A server that accepts connections. */
export interface Listener {
  close(): void;
}

/** All ranks' texts, in rank order: see `Ranks.gather`. */
export type Gather = (topic: string, text: string) => Promise<readonly string[]>;

/** How the processes of a run connect to each other. */
export interface Network {
  /** Accepts the other ranks' connections; only on rank 0. */
  listen(onConnection: (socket: Duplex) => void): Promise<Listener>;
  /**
   * Connects to rank 0.
   *
   * @param within milliseconds, an integer
   * @throws InputError for permanent failures; other errors if retrying may help
   */
  connect(within: number): Promise<Duplex>;
  /**
   * Listens where the other ranks expect this one, if they do.
   *
   * @throws InputError if the address is taken, or does not belong to this machine
   */
  open(): Promise<void>;
  /** Called with a message for every refused connection. */
  readonly onRefused: (text: string) => void;
  /** The network device that TensorFlow's port is bound to. */
  readonly device: string;
  /**
   * Opens routes between the ranks' TensorFlow servers; all ranks must call it together.
   *
   * @param port the port of this rank's server, which need not be listening yet
   * @returns `host:port` of every rank's server, as reached from this process
   */
  openRoutes(port: number, gather: Gather): Promise<readonly string[]>;
}

/**
 * Waits until a server is listening.
 *
 * @param address as displayed
 * @throws InputError if the address is taken, or does not belong to this machine
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

/** A free port of the loopback device. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
