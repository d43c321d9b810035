import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { pushFolder, pushTarget, type PushTarget } from '../../src/export/push.js';
import { kdMeanwhile, temporaryFolder } from '../cli.js';
import { BACKEND, STUDENT } from '../commands/tiny.js';
import { closeWithConnections, listenOnLoopback } from '../loopback.js';
import { startReceivingHub, type ReceivingHub } from './receiving-hub.js';

const TOKEN = 'hf_aSecretThatNobodyMayRead';

let hub: ReceivingHub;
beforeEach(async () => {
  hub = await startReceivingHub(TOKEN);
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_TOKEN', TOKEN);
  vi.stubEnv('HF_HOME', temporaryFolder());
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

/** All files under a folder, by path. */
function filesOf(folder: string): Map<string, Buffer> {
  const paths = (readdirSync(folder, { recursive: true }) as string[])
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path))]));
}

function smallFolder(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'part'));
  writeFileSync(join(folder, 'README.md'), '# it\n');
  writeFileSync(join(folder, 'part', 'large.bin'), Buffer.alloc(40_000, 7));
  return folder;
}

/** What a refused upload says, without the folder that ends it. */
async function refusalOf(
  folder: string,
  target: PushTarget | Promise<PushTarget> = pushTarget('me/it', '--push'),
): Promise<string> {
  const error = await pushFolder(folder, await target, () => undefined).then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  );
  const ending = `; the export itself is in ${folder}`;
  expect(error).toBeInstanceOf(InputError);
  expect(error!.message.endsWith(ending)).toBe(true);
  expect(error!.message).not.toContain('\n');
  expect(error!.message).not.toContain(TOKEN);
  return error!.message.slice(0, -ending.length);
}

describe('kd export --push', () => {
  it('uploads every file to a new, private repository, and stores the token nowhere', async () => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await kdMeanwhile(
      ['export', STUDENT, '--to', 'made', '--push', 'me/it', '--json', '--backend', BACKEND],
      { cwd },
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1)!)).toEqual({
      event: 'pushed',
      url: `${hub.url}/me/it`,
      created: true,
    });
    expect(hub.made).toEqual([{ name: 'me/it', visibility: 'private' }]);
    const written = filesOf(join(cwd, 'made'));
    expect([...written.keys()]).toEqual(expect.arrayContaining(['README.md', 'kd-export.json', 'model.safetensors']));
    expect(new Map([...hub.models.get('me/it')!].sort())).toEqual(new Map([...written].sort()));
    for (const [path, bytes] of filesOf(cwd)) expect(bytes.includes(TOKEN), path).toBe(false);
    expect(stdout + stderr).not.toContain(TOKEN);
  });
});

describe('an upload', () => {
  it('adds to an existing repository, and reports progress', async () => {
    hub.models.set('me/it', new Map([['kept.txt', Buffer.from('kept')]]));
    const folder = smallFolder();
    const told: number[] = [];
    const result = await pushFolder(folder, await pushTarget('me/it', '--push'), ({ bytesDone, bytesTotal }) => {
      told.push(bytesDone / bytesTotal);
    });
    expect(result).toEqual({ url: `${hub.url}/me/it`, created: false });
    expect([...hub.models.get('me/it')!.keys()].sort()).toEqual(['README.md', 'kept.txt', 'part/large.bin']);
    expect(hub.models.get('me/it')!.get('part/large.bin')).toEqual(readFileSync(join(folder, 'part/large.bin')));
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(1);
  });

  it('with a token that the hub does not know', async () => {
    const wrong = { ...(await pushTarget('me/it', '--push')), accessToken: 'hf_anotherOne' };
    expect(await refusalOf(smallFolder(), wrong)).toBe(
      `me/it: ${hub.url} does not accept the token in HF_TOKEN; make another at ${hub.url}/settings/tokens`,
    );
  });

  it('to another owner', async () => {
    expect(await refusalOf(smallFolder(), pushTarget('them/it', '--push'))).toBe(
      `them/it: ${hub.url} does not allow the token in HF_TOKEN to write there; use one with write access for ` +
        'its owner',
    );
    expect(hub.models.size).toBe(0);
  });

  it.each([
    [
      404,
      'gone',
      (url: string) => `${url} has no such repository and makes none for the token in HF_TOKEN; check that me is yours`,
    ],
    [503, 'busy', (url: string) => `${url} answers with status 503; try again later`],
    [
      400,
      `bad\nmetadata of ${TOKEN}`,
      (url: string) => `${url} refuses with status 400 ("bad\\nmetadata of HF_TOKEN")`,
    ],
  ])('that is refused with status %d', async (status, error, said) => {
    hub.refusal = { status, error };
    expect(await refusalOf(smallFolder())).toBe(`me/it: ${said(hub.url)}`);
    expect(hub.models.get('me/it')!.size).toBe(0);
  });

  it('to where nothing is listening', async () => {
    const target = await pushTarget('me/it', '--push');
    await hub.close();
    expect(await refusalOf(smallFolder(), target)).toMatch(
      /^me\/it: the upload to http:\/\/127\.0\.0\.1:\d+ broke off \(connect ECONNREFUSED 127\.0\.0\.1:\d+\); check the connection and run the same command again$/,
    );
  });
});

describe('a hub that stalls during an upload', () => {
  let server: Server;
  beforeEach(async () => {
    server = createServer();
    vi.stubEnv('HF_ENDPOINT', `http://${await listenOnLoopback(server)}`);
    vi.stubEnv('HF_HUB_DOWNLOAD_TIMEOUT', '0.2');
  });
  afterEach(() => closeWithConnections(server));

  it('without responding', async () => {
    expect(await refusalOf(smallFolder())).toMatch(
      /the upload to http:\S+ broke off \(no answer within 0\.2 s\); check/,
    );
  });

  it('without accepting data', async () => {
    server.on('request', (request, response) => {
      if (request.method === 'GET') response.end('{}');
    });
    expect(await refusalOf(smallFolder())).toMatch(
      /the upload to http:\S+ broke off \(no answer within 1\.2 s\); check/,
    );
  });

  it.each([
    ['null', 'JSON with other contents'],
    ['[]', 'JSON with other contents'],
    ['{}', 'JSON with other contents'],
    ['<html>', 'a web page, perhaps one to log in to this network'],
    ['{"files": [null]}', 'JSON with other contents'],
  ])('as it answers %s', async (answer, got) => {
    server.on('request', (request, response) => {
      request.resume().on('end', () => response.writeHead(200, { 'Content-Type': 'application/json' }).end(answer));
    });
    expect((await refusalOf(smallFolder())).replace(/http:\S+/, 'it,')).toBe(
      `me/it: expected an answer of the hub's API from it, got ${got}; check HF_ENDPOINT`,
    );
  });
});

describe('a target', () => {
  it.each(['it', 'me/it/more', '../it', 'me/', 'me/i t', 'https://huggingface.co/me/it'])(
    'is refused for "%s"',
    async (id) => {
      await expect(pushTarget(id, '--push')).rejects.toThrow(
        `--push: expected a model on the hub as owner/name, got ${id}`,
      );
    },
  );

  it('requires a token', async () => {
    vi.stubEnv('HF_TOKEN', '');
    await expect(pushTarget('me/it', '--push')).rejects.toThrow(
      '--push: expected a token in HF_TOKEN, found none; make one with write access at ',
    );
    vi.stubEnv('HF_TOKEN', ' sec\nret ');
    expect(await pushTarget('me/it', '--push')).toMatchObject({ accessToken: 'secret', tokenSource: 'HF_TOKEN' });
    vi.stubEnv('HF_TOKEN', 'sec ret');
    await expect(pushTarget('me/it', '--push')).rejects.toThrow(
      /^HF_TOKEN: expected a token of the hub, got characters that none has; copy it again$/,
    );
  });
});
