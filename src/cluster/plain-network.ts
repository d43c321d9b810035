/** @file Processes that reach each other through one network device, as they are. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { addressText, type Hosts } from './addresses.js';
import { listening, type Network } from './network.js';

/** @param device the network device that TensorFlow's port is tied to */
export function plainNetwork({ addresses, rank }: Hosts, device: string): Network {
  const [first] = addresses as [Hosts['addresses'][number]];
  return {
    device,
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
    openWays: (port, gather) => gather('addresses', addressText({ ...addresses[rank]!, port })),
  };
}
