/** @file Chooses a run's network, in which only its ranks can reach TensorFlow's server. */
import { networkInterfaces } from 'node:os';
import { InputError } from '../base/errors.js';
import { addressText, isLoopback, type Hosts } from './addresses.js';
import type { Network } from './network.js';
import { plainNetwork } from './plain-network.js';
import { TunnelNetwork } from './tunnel-network.js';

/** What restricts access to the ranks. */
export interface NetworkAccess {
  /** A secret known only to the ranks. */
  readonly key?: Buffer | undefined;
  /** A network device on which only trusted machines are reached. */
  readonly networkDevice?: string | undefined;
  /** Called with a message for every refused connection. */
  readonly onRefused: (text: string) => void;
}

/** Linux's name for the loopback device. */
const LOOPBACK = 'lo';

/**
 * The network of a run's processes: tunnels if there is a key; otherwise plain connections, on a network device or
 * within one machine.
 *
 * @throws InputError for addresses of other machines with neither, for both together, and for an unknown network device
 */
export function openNetwork(hosts: Hosts, { key, networkDevice, onRefused }: NetworkAccess): Network {
  if (key !== undefined && networkDevice !== undefined)
    throw new InputError(
      `--interface ${networkDevice}: expected no key with it, as with a key TensorFlow is reached through ` +
        'encrypted connections on any network; leave out one',
    );
  if (key !== undefined) return new TunnelNetwork(hosts, key, onRefused);
  if (networkDevice !== undefined) {
    const known = Object.keys(networkInterfaces());
    if (!known.includes(networkDevice))
      throw new InputError(
        `--interface ${networkDevice}: expected one of this machine's network interfaces that are up: ` +
          known.join(', '),
      );
    return plainNetwork(hosts, networkDevice, onRefused);
  }
  const elsewhere = hosts.addresses.find((address) => !isLoopback(address));
  if (elsewhere !== undefined)
    throw new InputError(
      `${addressText(elsewhere)}: expected --cluster-key <file> (or KD_CLUSTER_KEY) for other machines than this ` +
        'one, or --interface <name> if all who reach that network interface may run code',
    );
  return plainNetwork(hosts, LOOPBACK, onRefused);
}
