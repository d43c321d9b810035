/** @file Plain connections between processes, through one network device. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { addressText, type Hosts } from './addresses.js';
import { listening, type Network } from './network.js';

/**
 * A network in which this rank and the others reach each other through connections without encryption.
 *
 * @param device the network device that TensorFlow's port is bound to
 * @param onRefused called with a message when a connection is refused
 */
export function plainNetwork({ addresses, rank }: Hosts, device: string, onRefused: (text: string) => void): Network {
  const [first] = addresses as [Hosts['addresses'][number]];
  return {
    device,
    onRefused,
    async listen(onConnection) {
      const server = createServer(onConnection);
      server.listen(first.port, first.host);
      await listening(server, addressText(first));
      return server;
    },
    async connect(within) {
      const socket = connect({ ...first, noDelay: true });
      try {
        await once(socket, 'connect', { signal: AbortSignal.timeout(within) });
      } catch (error) {
        socket.destroy();
        throw error;
      }
      return socket;
    },
    open: () => Promise.resolve(), // nothing to open: TensorFlow's ports are exchanged
    openRoutes: (port, gather) => gather('addresses', addressText({ ...addresses[rank]!, port })),
  };
}
