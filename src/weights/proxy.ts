/**
 * @file Proxies from the environment variables of curl and Python's requests, which Node's fetch ignores:
 * `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, in upper or lower case.
 */
import { BlockList, isIP } from 'node:net';
import type { Dispatcher, Pool } from 'undici';
import { InputError } from '../base/errors.js';
import { basicAuthorization, environment } from './hub-environment.js';

/** A proxy. */
export interface Proxy {
  /** Without user name and password, so that it can be shown. */
  readonly address: string;
  /** The variable that names it. */
  readonly variable: string;
  /** The value of the header `Proxy-Authorization`. */
  readonly authorization: string | undefined;
}

const PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks:'];

/**
 * The proxy for an address; undefined if there is none.
 *
 * @throws InputError, without quoting a password, for an invalid variable
 */
export function proxyFor(url: URL): Proxy | undefined {
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const variable = [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`, 'all_proxy', 'ALL_PROXY'].find(
    (name) => environment(name) !== undefined,
  );
  if (variable === undefined || isExcepted(url)) return undefined;
  const text = environment(variable)!.trim();
  const address = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`; // curl accepts `host:port`, too
  const proxy = URL.canParse(address) ? new URL(address.replace(/^socks5h:/i, 'socks5:')) : undefined;
  if (proxy === undefined || !PROTOCOLS.includes(proxy.protocol) || proxy.hostname === '')
    throw new InputError(
      `${variable}: expected the address of a proxy, such as http://host:8080, got something else; correct or unset it`,
    );
  return { address: `${proxy.protocol}//${proxy.host}`, variable, authorization: basicAuthorization(proxy) };
}

/**
 * Whether `NO_PROXY` covers a host: by its name, a parent domain, an address or a network (`10.0.0.0/8`), each with an
 * optional port.
 */
function isExcepted({ hostname, port, protocol }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const itsPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  const entries = (environment('no_proxy') ?? environment('NO_PROXY') ?? '').toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => {
    if (entry === '*') return true;
    if (entry.includes('/')) return isInNetwork(host, entry);
    const [, name, onlyPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry)!;
    if (onlyPort !== undefined && onlyPort !== itsPort) return false;
    const domain = name!.replace(/^\*?\./, '');
    return domain !== '' && (host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`)));
  });
}

function isInNetwork(host: string, network: string): boolean {
  const [address, bits] = network.split('/');
  const [family, hostFamily] = [isIP(address!), isIP(host)];
  const most = family === 6 ? 128 : 32;
  if (family === 0 || family !== hostFamily || !/^\d{1,3}$/.test(bits!) || Number(bits) > most) return false;
  const list = new BlockList();
  const type = family === 6 ? 'ipv6' : 'ipv4';
  list.addSubnet(address!, Number(bits), type);
  return list.check(host, type);
}

const dispatchers = new Map<string, Dispatcher>();

/** The dispatcher for requests, through a proxy or directly. */
export async function dispatcherFor(proxy: Proxy | undefined): Promise<Dispatcher> {
  const key = proxy === undefined ? '' : `${proxy.address} ${proxy.authorization ?? ''}`;
  const dispatcher = dispatchers.get(key) ?? (await makeDispatcher(proxy));
  dispatchers.set(key, dispatcher);
  return dispatcher;
}

async function makeDispatcher(proxy: Proxy | undefined): Promise<Dispatcher> {
  const { Agent, Pool, ProxyAgent } = await import('undici');
  if (proxy === undefined) return new Agent(PATIENT);
  return new ProxyAgent({
    uri: proxy.address,
    ...(proxy.authorization === undefined ? {} : { token: proxy.authorization }),
    proxyTunnel: false, // for http addresses; many proxies allow tunnels to port 443 only
    factory: (origin, options) => new Pool(origin, { ...(options as Pool.Options), ...PATIENT }),
    clientFactory: (origin, options) => new Pool(origin, { ...(options as Pool.Options), ...PATIENT }),
  });
}

/** The requests have their own timeouts. */
const PATIENT = { headersTimeout: 0, bodyTimeout: 0 } as const;
