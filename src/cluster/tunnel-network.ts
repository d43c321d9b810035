/**
 * @file Connects processes through TLS with a pre-shared key. TensorFlow's server is bound to the loopback device; each
 * rank has a TLS server that connects peers who have the key to the rank or to its TensorFlow.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer, connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { InputError } from '../base/errors.js';
import { addressText, isLoopback, type Address, type Hosts } from './addresses.js';
import { listening, type Gather, type Listener, type Network } from './network.js';

/**
 * The purpose of a connection, negotiated in its TLS handshake (ALPN): messages between ranks, or TensorFlow's traffic.
 */
const PURPOSES = { messages: 'kd-messages', tensorFlow: 'kd-tensorflow' } as const;
type Purpose = keyof typeof PURPOSES;

/**
 * Both sides prove that they have the key, and each connection also has ephemeral keys (RFC 5489, RFC 7905): someone
 * who records it and learns the key later cannot read it. Node supports pre-shared keys only in TLS 1.2.
 */
const TLS = { ciphers: 'ECDHE-PSK-CHACHA20-POLY1305', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const IDENTITY = 'kd';

/** Milliseconds for connecting, including the handshake. */
const CONNECT_WITHIN = 10_000;

const LOOPBACK = '127.0.0.1';

/** A network in which this rank and the others reach each other through encrypted connections. */
export class TunnelNetwork implements Network {
  readonly device = 'lo';
  readonly onRefused: (text: string) => void;
  readonly #hosts: Hosts;
  readonly #key: Buffer;
  /** Addresses whose connections were refused. */
  readonly #refused = new Set<string>();
  /** Settled when this rank's server is listening; undefined if it was not opened. */
  #server: Promise<void> | undefined;
  /** Takes the other ranks' connections for messages. */
  #onConnection: ((socket: TLSSocket) => void) | undefined;
  #tensorFlowPort: number | undefined;

  /**
   * @param key the same on all ranks
   * @param onRefused called with a message, once for every address whose connections are refused
   */
  constructor(hosts: Hosts, key: Buffer, onRefused: (text: string) => void) {
    this.#hosts = hosts;
    this.#key = key;
    this.onRefused = onRefused;
  }

  async listen(onConnection: (socket: TLSSocket) => void): Promise<Listener> {
    this.#onConnection = onConnection;
    await this.open();
    return {
      close: () => {
        this.#onConnection = undefined;
      },
    };
  }

  async connect(within: number): Promise<TLSSocket> {
    const first = this.#hosts.addresses[0]!;
    try {
      return await this.#reach(first, 'messages', Math.min(within, CONNECT_WITHIN));
    } catch (error) {
      if (isOfTls(error))
        throw new InputError(
          `${addressText(first)}: expected rank 0 to have the key of this rank, got another or none; give ` +
            'all ranks the same --cluster-key',
          { cause: error },
        );
      throw error;
    }
  }

  open(): Promise<void> {
    return (this.#server ??= this.#openServer());
  }

  async openRoutes(port: number, gather: Gather): Promise<readonly string[]> {
    this.#tensorFlowPort = port;
    await gather('tunnels', '');
    const { addresses, rank } = this.#hosts;
    const routes = addresses.map((address, other) =>
      other === rank ? Promise.resolve(addressText({ host: LOOPBACK, port })) : this.#openTunnel(address),
    );
    return Promise.all(routes);
  }

  async #openServer(): Promise<void> {
    const server = createTlsServer(
      {
        ...TLS,
        pskCallback: (_, identity) => (identity === IDENTITY ? this.#key : null),
        ALPNProtocols: Object.values(PURPOSES),
        handshakeTimeout: CONNECT_WITHIN,
        noDelay: true,
      },
      (socket) => {
        this.#take(socket);
      },
    );
    server.on('tlsClientError', (_, { remoteAddress = 'somebody' }) => {
      if (this.#refused.has(remoteAddress)) return;
      this.#refused.add(remoteAddress);
      this.onRefused(`${remoteAddress}: connection refused, as it has no key, or a different one from this rank`);
    });
    const own = this.#hosts.addresses[this.#hosts.rank]!;
    server.listen({ port: own.port, ...(isLoopback(own) && { host: own.host }) });
    await listening(server, addressText(own));
    server.unref();
  }

  /** Passes on a connection of a peer that has the key, by its purpose. */
  #take(socket: TLSSocket): void {
    const port = this.#tensorFlowPort;
    if (socket.alpnProtocol === PURPOSES.messages && this.#onConnection !== undefined) this.#onConnection(socket);
    else if (socket.alpnProtocol === PURPOSES.tensorFlow && port !== undefined)
      join(socket, connect({ host: LOOPBACK, port, noDelay: true }));
    else socket.destroy();
  }

  /** Connects to another rank's TLS server. */
  async #reach({ host, port }: Address, purpose: Purpose, within = CONNECT_WITHIN): Promise<TLSSocket> {
    const socket = connectTls({
      ...TLS,
      host,
      port,
      ALPNProtocols: [PURPOSES[purpose]],
      pskCallback: () => ({ psk: this.#key, identity: IDENTITY }),
      checkServerIdentity: () => undefined, // the key proves its identity
    });
    socket.setNoDelay(true);
    try {
      await once(socket, 'secureConnect', { signal: AbortSignal.timeout(within) });
    } catch (error) {
      socket.destroy();
      throw isAbort(error) ? new Error('no answer', { cause: error }) : error;
    }
    return socket;
  }

  /** Opens a tunnel to another rank's TensorFlow; returns the local address of its entrance. */
  async #openTunnel(address: Address): Promise<string> {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      this.#reach(address, 'tensorFlow').then(
        (far) => {
          join(socket, far);
        },
        () => socket.destroy(), // TensorFlow retries
      );
    });
    server.listen(0, LOOPBACK);
    await listening(server, LOOPBACK);
    server.unref();
    return addressText({ host: LOOPBACK, port: (server.address() as AddressInfo).port });
  }
}

/** Pipes two connections into each other. They do not keep the process alive, since TensorFlow never closes its own. */
function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.unref();
    from.on('error', () => to.destroy());
    from.on('close', () => {
      to.destroySoon();
    });
  }
}

/** Whether an error is a timeout. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Whether the TLS handshake failed, rather than the underlying connection. */
function isOfTls(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && /^(ERR_SSL_|ERR_TLS_|EPROTO)/.test(code);
}
