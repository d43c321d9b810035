/**
 * @file A hub that attacks, or is merely broken: each ends in one line, soon, and nobody but the hub gets the token.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pushFolder, pushTarget } from '../../src/export/push.js';
import { nextAddress } from '../../src/weights/http.js';
import { resolveModelFolder, type ResolveOptions } from '../../src/weights/hub.js';
import { closeWithConnections, listenOnLoopback } from '../loopback.js';
import { COMMIT, gitId } from './fake-hub.js';
import { failureOf, temporaryFolder } from './support.js';

const TOKEN = 'secret-of-the-user';
const PASSWORD = 'pass-of-the-user';
const CONFIG = Buffer.from('{"model_type": "bert"}');

type Handler = (request: IncomingMessage, response: ServerResponse, path: string) => void;

interface Listener {
  readonly url: string;
  /** Every request with the token that came along. */
  readonly asked: { readonly path: string; readonly authorization: string | undefined }[];
  answer: Handler;
}

let servers: Server[];
let hub: Listener;
let other: Listener;
let home: string;

async function listen(answer: Handler): Promise<Listener> {
  const server = createServer((request, response) => {
    listener.asked.push({ path: request.url!, authorization: request.headers.authorization });
    listener.answer(request, response, decodeURIComponent(new URL(request.url!, listener.url).pathname));
  });
  const address = await listenOnLoopback(server);
  servers.push(server);
  const listener: Listener = { url: `http://${address}`, asked: [], answer };
  return listener;
}

const json = (response: ServerResponse, value: unknown, headers = {}): void => {
  response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value));
};

const listed = (path: string, bytes: Buffer): object => ({ type: 'file', path, size: bytes.length, oid: gitId(bytes) });

function part(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(206, { 'Content-Range': `bytes 0-${bytes.length - 1}/${bytes.length}` }).end(bytes);
}

/** What an honest hub answers about a model that has a configuration alone. */
const honest: Handler = (_request, response, path) => {
  if (path.includes('/revision/')) json(response, { _id: 'x', id: 'a/b', sha: COMMIT });
  else if (path.includes('/tree/')) json(response, [listed('config.json', CONFIG)]);
  else part(response, CONFIG);
};

/** An honest hub but for one kind of request. */
const except =
  (kind: string, answer: Handler): Handler =>
  (request, response, path) => {
    (path.includes(`/${kind}/`) ? answer : honest)(request, response, path);
  };

const redirect =
  (to: () => string, status = 302, headers = {}): Handler =>
  (_request, response) => {
    response.writeHead(status, { Location: to(), ...headers }).end();
  };

beforeEach(async () => {
  servers = [];
  hub = await listen(honest);
  other = await listen(honest);
  home = await temporaryFolder();
  for (const name of ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HUGGING_FACE_HUB_TOKEN', 'HF_TOKEN_PATH'])
    vi.stubEnv(name, undefined);
  for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_HOME', join(home, 'hf'));
  vi.stubEnv('XDG_CACHE_HOME', join(home, 'xdg'));
  vi.stubEnv('HF_TOKEN', TOKEN);
  vi.stubEnv('HF_HUB_DOWNLOAD_TIMEOUT', '0.3');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(servers.map(closeWithConnections));
});

const resolve = (options: Partial<ResolveOptions> = {}): Promise<string> =>
  resolveModelFolder('a/b', { flag: '--teacher', parts: ['config'], retryDelay: 1, ...options });

/** What is said, soon, and without the token. */
async function refusal(): Promise<string> {
  const started = performance.now();
  const failure = await failureOf(resolve());
  expect(performance.now() - started).toBeLessThan(30_000);
  expect(failure).not.toContain(TOKEN);
  return failure.replaceAll(hub.url, 'HUB').replaceAll(other.url, 'OTHER');
}

const tokens = ({ asked }: Listener): Set<string | undefined> =>
  new Set(asked.map(({ authorization }) => authorization));

describe('the token', () => {
  it('is sent to the hub', async () => {
    await resolve();
    expect(tokens(hub)).toEqual(new Set([`Bearer ${TOKEN}`]));
  });

  it.each([301, 302, 303, 307, 308])('is not sent to the target of a redirect, with status %i', async (status) => {
    const headers = { 'X-Cache': 'Hit from cloudfront', 'X-Linked-Size': '22', ETag: '"x"' };
    hub.answer = except(
      'resolve',
      redirect(() => `${other.url}/file`, status, headers),
    );
    expect(await readFile(join(await resolve(), 'config.json'))).toEqual(CONFIG);
    expect(tokens(other)).toEqual(new Set([undefined]));
    expect(other.asked.length).toBeGreaterThan(0);
  });

  it.each(['revision', 'tree'])('goes nowhere that a %s is sent on to', async (kind) => {
    hub.answer = except(kind, (request, response) => {
      response.writeHead(307, { Location: `${other.url}${request.url!}` }).end();
    });
    await resolve();
    expect(tokens(other)).toEqual(new Set([undefined]));
    expect(other.asked.length).toBeGreaterThan(0);
  });

  it('is not sent along a redirect that comes back to the hub', async () => {
    other.answer = redirect(() => `${hub.url.toUpperCase().replace('HTTP', 'HtTp')}/back`);
    hub.answer = (request, response, path) => {
      if (path === '/back') part(response, CONFIG);
      else
        except(
          'resolve',
          redirect(() => `${other.url}/file`),
        )(request, response, path);
    };
    await resolve();
    expect(tokens(other)).toEqual(new Set([undefined]));
  });

  it('is not sent to another name of the same machine', async () => {
    hub.answer = except(
      'resolve',
      redirect(() => `${hub.url.replace('127.0.0.1', 'localhost')}/file`),
    );
    const answer = hub.answer;
    hub.answer = (request, response, path) => {
      if (request.headers.host!.startsWith('localhost')) part(response, CONFIG);
      else answer(request, response, path);
    };
    vi.stubEnv('HF_HUB_DOWNLOAD_TIMEOUT', '5');
    await resolve();
    const [last] = hub.asked.slice(-1);
    expect(last).toEqual({ path: '/file', authorization: undefined });
  });

  it('is sent along redirects within the hub', async () => {
    hub.answer = (request, response, path) => {
      if (path === '/file') part(response, CONFIG);
      else
        except(
          'resolve',
          redirect(() => '/file'),
        )(request, response, path);
    };
    await resolve();
    expect(tokens(hub)).toEqual(new Set([`Bearer ${TOKEN}`]));
  });

  it('is not sent to another server for the next page of a list', async () => {
    hub.answer = except('tree', (_request, response) => {
      json(response, [listed('README.md', CONFIG)], { Link: `<${other.url}/api/next>; rel="next"` });
    });
    expect(await refusal()).toBe(
      `a/b: HUB refers to another server (${new URL(other.url).host}), which kd does not contact; check HF_ENDPOINT`,
    );
    expect(other.asked).toEqual([]);
  });

  it.each([
    ['http://user:pass@127.0.0.1/x', 'redirects to something that is not a plain web address'],
    ['ftp://127.0.0.1/x', 'redirects to something that is not a plain web address'],
    ['file:///etc/passwd', 'redirects to something that is not a plain web address'],
    ['http://[', 'redirects to something that is not a plain web address'],
  ])('is not requested at %s', async (address, said) => {
    hub.answer = except(
      'resolve',
      redirect(() => address),
    );
    const failure = await refusal();
    expect(failure).toContain(`a/b/config.json: HUB ${said}`);
    expect(failure).not.toContain('pass@');
  });

  it("is not sent to the target of an upload's redirect, or to a store", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'large.bin'), Buffer.alloc(20_000, 7));
    const uploaded: string[] = [];
    other.answer = (request, response) => {
      request.resume().on('end', () => {
        uploaded.push(request.method!);
        response.end('{}');
      });
    };
    hub.answer = (request, response, path) => {
      const chunks: Buffer[] = [];
      request
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          const body = Buffer.concat(chunks).toString();
          if (path.endsWith('/preupload/main')) json(response, { files: [{ path: 'large.bin', uploadMode: 'lfs' }] });
          else if (path.endsWith('/objects/batch')) {
            const { objects } = JSON.parse(body) as { objects: { oid: string }[] };
            const actions = { upload: { href: `${other.url}/store` } };
            json(response, { transfer: 'basic', objects: objects.map((object) => ({ ...object, actions })) });
          } else if (path.includes('/commit/')) {
            response.writeHead(307, { Location: `${other.url}/commit` }).end();
          } else json(response, { id: 'a/b' });
        });
    };
    const failure = await failureOf(pushFolder(folder, await pushTarget('a/b', '--push'), () => undefined));
    expect(failure).toContain(`a/b: ${hub.url} redirects an upload to another server (${new URL(other.url).host})`);
    expect(uploaded).toEqual(['PUT']);
    expect(tokens(other)).toEqual(new Set([undefined]));
    expect(tokens(hub)).toEqual(new Set([`Bearer ${TOKEN}`]));
  });

  it('is never redirected from an encrypted address to an unencrypted one', () => {
    const from = new URL('https://hub.example/a');
    expect(() => nextAddress(from, 'http://hub.example/a', 'GET', 'https://hub.example')).toThrow(
      'https://hub.example redirects to hub.example without encryption, which is not followed; check HF_ENDPOINT',
    );
    expect(nextAddress(from, '/b', 'POST', 'https://hub.example').href).toBe('https://hub.example/b');
  });
});

describe('a password in HF_ENDPOINT', () => {
  beforeEach(() => {
    vi.stubEnv('HF_ENDPOINT', hub.url.replace('://', `://user:${PASSWORD}@`) + '/mirror/');
  });

  it('is sent instead of the token, and nowhere else', async () => {
    hub.answer = except(
      'resolve',
      redirect(() => `${other.url}/file`),
    );
    await resolve();
    const basic = `Basic ${Buffer.from(`user:${PASSWORD}`).toString('base64')}`;
    expect(tokens(hub)).toEqual(new Set([basic]));
    expect(hub.asked.every(({ path }) => path.startsWith('/mirror/'))).toBe(true);
    expect(tokens(other)).toEqual(new Set([undefined]));
  });

  it('is shown in no message', async () => {
    hub.answer = (_request, response) => void response.writeHead(404).end();
    expect(await failureOf(resolve())).not.toContain(PASSWORD);
    for (const address of [
      `user:${PASSWORD}@hub.example`,
      `ftp://user:${PASSWORD}@hub.example`,
      `http://u:${PASSWORD}@[`,
    ]) {
      vi.stubEnv('HF_ENDPOINT', address);
      expect(await failureOf(resolve())).toBe(
        'HF_ENDPOINT: expected an address such as https://huggingface.co, got something else; correct or unset it',
      );
    }
    vi.stubEnv('HF_ENDPOINT', 'huggingface.co');
    expect(await failureOf(resolve())).toContain('got huggingface.co');
  });
});

/** Says nothing more. */
const silence = (): void => undefined;

const drip: Handler = (_request, response) => {
  response.writeHead(206, { 'Content-Type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => {
    clearInterval(timer);
  });
};

const flood =
  (piece: Buffer, headers = {}): Handler =>
  (_request, response) => {
    response.writeHead(206, { 'Content-Type': 'application/json', ...headers });
    const more = (): void => {
      while (response.writable && response.write(piece));
    };
    response.on('drain', more);
    more();
  };

describe('a response about a model', () => {
  it.each(['revision', 'tree'])('that does not come (%s)', async (kind) => {
    hub.answer = except(kind, silence);
    expect(await refusal()).toBe(
      'a/b: no such folder, and the hub (HUB) cannot be reached (no answer within 0.3 s); connect, or give a ' +
        'local folder to --teacher',
    );
  });

  it.each(['revision', 'tree'])('that begins and stops (%s)', async (kind) => {
    hub.answer = except(kind, (_request, response) => void response.write('{'));
    expect(await refusal()).toContain('(nothing came for 0.3 s)');
  });

  it.each(['revision', 'tree'])('that drips (%s)', async (kind) => {
    hub.answer = except(kind, drip);
    expect(await refusal()).toMatch(/\(only \d+ bytes came within 0\.3\d* s\)/);
  });

  it.each(['revision', 'tree'])('without an end (%s)', async (kind) => {
    hub.answer = except(kind, flood(Buffer.alloc(100_000, ' ')));
    expect(await refusal()).toBe('a/b: HUB sends more than 20000000 bytes where few are expected; check HF_ENDPOINT');
  });

  it('that unpacks endlessly', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000, ' '));
    hub.answer = except('tree', (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }).end(bomb);
    });
    expect(await refusal()).toContain('HUB sends more than 20000000 bytes');
  });

  it('on endless pages', async () => {
    hub.answer = except('tree', (_request, response) => {
      json(response, [], { Link: `<${hub.url}/api/models/a/b/tree/x>; rel="next"` });
    });
    expect(await refusal()).toBe('a/b: HUB lists files on more than 200 pages; check HF_ENDPOINT');
  });

  it('that redirects endlessly', async () => {
    hub.answer = except(
      'revision',
      redirect(() => '/a/revision/b'),
    );
    expect(await refusal()).toBe('a/b: HUB redirects more than 10 times; try again later');
    expect(hub.asked).toHaveLength(11);
  });

  it('that is a web page', async () => {
    hub.answer = redirect(() => `${other.url}/login`);
    other.answer = (_request, response) => void response.end('<!doctype html><form>');
    expect(await refusal()).toContain(
      "expected an answer of the hub's API from HUB, got a web page, perhaps one to log in",
    );
  });

  const lists: readonly (readonly [what: string, list: unknown, said: string])[] = [
    ['null', null, 'got JSON with other contents'],
    ['a null entry', [null], 'null in it'],
    ['a text', ['config.json'], '"config.json" in it'],
    ['a number', 7, 'got JSON with other contents'],
    [
      'no size',
      [{ type: 'file', path: 'config.json', oid: '0'.repeat(40) }],
      'expected a size in bytes from HUB, got none',
    ],
    [
      'a size below zero',
      [{ ...listed('config.json', CONFIG), size: -1 }],
      'expected a size in bytes from HUB, got -1',
    ],
    [
      'no id',
      [{ type: 'file', path: 'config.json', size: 1, oid: null }],
      'expected a hexadecimal content id from HUB, got null',
    ],
    ['a path as id', [{ type: 'file', path: 'x', size: 1, oid: '../../x' }], 'content id from HUB, got "../../x"'],
    ['null for a path', [{ ...listed('x', CONFIG), path: null }], 'expected plain paths of files from HUB, got null'],
    ...['../x', '/etc/passwd', 'a/../../x', 'unet/..', 'a\\b', 'a\0b', '', 'a//b', './a'].map(
      (path) =>
        [`the path ${JSON.stringify(path)}`, [listed(path, CONFIG)], 'expected plain paths of files from HUB'] as const,
    ),
  ];
  it.each(lists)('that lists %s', async (_what, list, said) => {
    hub.answer = except('tree', (_request, response) => {
      json(response, list);
    });
    expect(await refusal()).toContain(said);
  });

  it.each([
    ['null', null],
    ['an empty object', {}],
    ['no commit', { sha: null }],
    ['a commit that is none', { sha: '../../..' }],
    ['a commit that is an object', { sha: { a: 1 } }],
  ])('that names %s', async (_what, value) => {
    hub.answer = except('revision', (_request, response) => {
      json(response, value);
    });
    expect(await refusal()).toMatch(
      /^a\/b: expected (an answer of the hub's API|a commit of 40 hexadecimal digits) from HUB, got /,
    );
  });

  it.each([429, 500, 503])('is requested again after status %i, at most as often as allowed', async (status) => {
    let left = 2;
    hub.answer = (request, response, path) => {
      if (left-- > 0) response.writeHead(status, { 'Retry-After': '0' }).end();
      else honest(request, response, path);
    };
    await resolve();
    left = 1000;
    const before = hub.asked.length;
    expect(await failureOf(resolveModelFolder('a/c', { flag: '--teacher', retryDelay: 1 }))).toContain(
      status === 429 ? 'has had too many requests; wait 0 s' : `status ${status}; try again later`,
    );
    expect(hub.asked.length - before).toBe(3);
  });

  it('is not waited for by the hour', async () => {
    hub.answer = (_request, response) => void response.writeHead(429, { 'Retry-After': '3600' }).end();
    expect(await refusal()).toBe('a/b: HUB has had too many requests; wait 3600 s and run the same command again');
    expect(hub.asked).toHaveLength(1);
  });
});

const CHECK = '; check HF_ENDPOINT, and the proxy if there is one';

describe('a file', () => {
  const brokenOff =
    /^a\/b\/config\.json: the download broke off, and 5 attempts got no further \((.+)\); run the same command again$/;

  it('that never arrives', async () => {
    hub.answer = except('resolve', silence);
    expect(brokenOff.exec(await refusal())?.[1]).toBe('no answer within 0.3 s');
  });

  it('that stops', async () => {
    hub.answer = except('resolve', (_request, response) => {
      response.writeHead(206, { 'Content-Length': CONFIG.length }).write('{');
    });
    expect(brokenOff.exec(await refusal())?.[1]).toBe('nothing came for 0.3 s');
  });

  it('that arrives very slowly', async () => {
    const large = Buffer.alloc(1_000_000, ' ');
    hub.answer = (request, response, path) => {
      if (path.includes('/tree/')) json(response, [listed('config.json', large)]);
      else except('resolve', drip)(request, response, path);
    };
    expect(brokenOff.exec(await refusal())?.[1]).toMatch(/^only \d+ bytes came within 0\.3\d* s$/);
  });

  it('without an end', async () => {
    hub.answer = except('resolve', flood(Buffer.alloc(1000)));
    expect(await refusal()).toBe(`a/b/config.json: expected ${CONFIG.length} bytes from the hub, got more${CHECK}`);
  });

  it('that another server refuses, which the token has nothing to do with', async () => {
    hub.answer = except(
      'resolve',
      redirect(() => `${other.url}/blob`),
    );
    other.answer = (_request, response) => void response.writeHead(403).end();
    expect(await refusal()).toBe(
      'a/b: OTHER, where HUB has its files, answers with status 403; try again later, or check whether this network, ' +
        'or its proxy, lets you reach it',
    );
  });

  it('that unpacks endlessly', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000));
    hub.answer = except('resolve', (_request, response) => {
      response.writeHead(206, { 'Content-Encoding': 'gzip' }).end(bomb);
    });
    expect(await refusal()).toBe(`a/b/config.json: expected ${CONFIG.length} bytes from the hub, got more${CHECK}`);
  });

  it('of another size than listed', async () => {
    hub.answer = except('resolve', (_request, response) => {
      part(response, Buffer.alloc(50));
    });
    expect(await refusal()).toBe('a/b/config.json: expected 22 bytes, as HUB lists, found 50; try again later');
  });

  it('of an impossible size', async () => {
    hub.answer = except('tree', (_request, response) => {
      json(response, [{ ...listed('config.json', CONFIG), size: 1e15 }]);
    });
    expect(await refusal()).toContain(
      'a/b/config.json: expected at most 10000000 bytes, got 1000000000000000 in the list of the hub',
    );
  });

  it('larger than the disk', async () => {
    hub.answer = except('tree', (_request, response) => {
      json(response, [{ ...listed('pytorch_model.bin', CONFIG), size: 1e15 }]);
    });
    expect(await failureOf(resolve({ parts: ['weights'] }))).toMatch(
      /: expected 1[\d,.]*\s?\S+ of free disk for the model, found .+; make room, or name another folder in HF_HOME$/,
    );
    expect(hub.asked.some(({ path }) => path.includes('/resolve/'))).toBe(false);
  });

  it('with a wrong length', async () => {
    hub.answer = except('resolve', (_request, response) => {
      response.writeHead(206, { 'Content-Length': 1000 }).write(CONFIG.subarray(0, 3));
      response.end();
      setTimeout(() => response.destroy(), 20);
    });
    expect(await refusal()).toMatch(brokenOff);
  });

  it('with content other than listed is not kept', async () => {
    const damaged = Buffer.from('{"model_type": "BERT"}');
    hub.answer = except('resolve', (_request, response) => {
      part(response, damaged);
    });
    expect(await refusal()).toBe(
      `a/b/config.json: expected content of git object id ${gitId(CONFIG)} from the hub, got ${gitId(damaged)}; ` +
        'run the same command again',
    );
    expect(await readdir(join(home, 'hf/hub/models--a--b/blobs'))).toEqual([]);
  });
});

describe('a damaged small file in the cache', () => {
  let path: string;
  beforeEach(async () => {
    path = join(await resolve(), 'config.json');
    await writeFile(path, '{"model_type": "BERT"}');
  });

  it('is downloaded again', async () => {
    expect(await resolve()).toBe(join(path, '..'));
    expect(await readFile(path)).toEqual(CONFIG);
    const asked = hub.asked.length;
    await resolve();
    expect(hub.asked).toHaveLength(asked);
  });

  it('is downloaded again if it is not a link, when something else is downloaded', async () => {
    await rm(path);
    await writeFile(path, 'cut');
    hub.answer = (request, response, asked) => {
      if (asked.includes('/tree/'))
        json(
          response,
          ['config.json', 'vocab.txt'].map((name) => listed(name, CONFIG)),
        );
      else honest(request, response, asked);
    };
    await resolve({ parts: ['config', 'tokenizer'] });
    expect(await readFile(path)).toEqual(CONFIG);
  });

  it('is reported if it cannot be downloaded again', async () => {
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await failureOf(resolve())).toBe(
      `${path}: this cached file is damaged and cannot be downloaded again: a/b: no such folder, and the cache ` +
        'does not have the whole model, while HF_HUB_OFFLINE forbids contacting the hub; unset HF_HUB_OFFLINE, or ' +
        'give a local folder to --teacher',
    );
  });

  it('is distinguished from one in a folder of copies, about which nothing is known', async () => {
    await rm(path);
    const copy = join(home, 'copy.json');
    await writeFile(copy, '{}');
    await symlink(copy, path);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await resolve()).toBe(join(path, '..'));
  });
});
