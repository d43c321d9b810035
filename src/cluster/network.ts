/** @file How the processes of a run reach each other. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { InputError, messageOf } from '../base/errors.js';
import { addressText, isLoopback, type Hosts } from './addresses.js';

/** What goes on listening. */
export interface Listening {
  close(): void;
}

/** The ways between the processes of a run. */
export interface Network {
  /** Takes the other ranks' connections, at the first rank. */
  listen(onConnection: (socket: Duplex) => void): Promise<Listening>;
  /** Connects to the first rank. */
  connect(): Promise<Duplex>;
  /** The network device that TensorFlow's port is tied to. */
  readonly device: string;
  /** The host by which others reach this rank's TensorFlow. */
  readonly host: string;
}

/**
 * The network of processes on one machine, which nobody reaches from elsewhere.
 *
 * @throws InputError for addresses of other machines
 */
export function loopbackNetwork({ addresses, rank }: Hosts): Network {
  const elsewhere = addresses.find((address) => !isLoopback(address));
  if (elsewhere !== undefined)
    throw new InputError(
      `${addressText(elsewhere)}: expected addresses of this machine (127.0.0.1, localhost), as TensorFlow runs ` +
        'whatever it is sent and asks nobody who he is',
    );
  const [first] = addresses as [Hosts['addresses'][number]];
  return {
    device: 'lo',
    host: addressText({ ...addresses[rank]!, port: 0 }).replace(/:0$/, ''),
    async listen(onConnection) {
      const server = createServer(onConnection);
      server.listen(first.port, first.host);
      await listening(server, addressText(first));
      return server;
    },
    async connect() {
      const socket = connect({ ...first, noDelay: true });
      await once(socket, 'connect');
      return socket;
    },
  };
}

async function listening(server: Server, address: string): Promise<void> {
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
