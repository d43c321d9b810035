/** @file Processes that reach each other through one network device, as they are. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { addressText, type Hosts } from './addresses.js';
import { listening, type Network } from './network.js';

/** @param device the network device that TensorFlow's port is tied to */
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
    open: () => Promise.resolve(), // TensorFlow's ports are told
    openRoutes: (port, gather) => gather('addresses', addressText({ ...addresses[rank]!, port })),
  };
}
