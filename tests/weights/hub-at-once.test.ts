/** @file Processes that fetch one model at once, also such as cannot see each other. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hasNamespaces, IN_NEW_NAMESPACE, temporaryFolder } from '../cli.js';
import { PARITY } from '../fixtures/index.js';
import { COMMIT, startFakeHub, type FakeHub } from './fake-hub.js';

const BUILT = fileURLToPath(new URL('../../dist/weights/hub.js', import.meta.url));
const MODEL = 'owner/model';

let hub: FakeHub;
beforeEach(async () => {
  hub = await startFakeHub();
  const files = readdirSync(join(PARITY, 'student')).map(
    (name) => [name, readFileSync(join(PARITY, 'student', name))] as const,
  );
  hub.models.set(MODEL, new Map(files));
});
afterEach(() => hub.close());

/** Fetches the model in a process of its own, into a cache under `home`. */
async function fetchIn(home: string, within: readonly string[]): Promise<{ code: number; said: string }> {
  const script = `import { resolveModelFolder } from ${JSON.stringify(BUILT)};
    console.log(await resolveModelFolder('${MODEL}', { flag: '--teacher' }));`;
  const [command, ...args] = [...within, process.execPath, '--input-type=module', '-e', script];
  const unset = ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN', 'HF_HUB_OFFLINE'];
  const kept = Object.entries(process.env).filter(([name]) => !unset.includes(name));
  const env = { ...Object.fromEntries(kept), HF_ENDPOINT: hub.url, HF_HOME: home, XDG_CACHE_HOME: home };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said };
}

/** Answers slowly, in two halves, and every other time with other bytes in the second: a broken proxy. */
function answerSlowly(withErrors: boolean): void {
  let asked = 0;
  hub.interfere = (path, start, end, response) => {
    if (path !== 'model.safetensors' || end - start < 10_000) return false;
    const bytes = hub.models.get(MODEL)!.get(path)!.subarray(start, end);
    const half = bytes.length >> 1;
    const isBroken = withErrors && asked % 2 === 1;
    response.writeHead(206, { 'Content-Length': bytes.length, 'Content-Range': `bytes ${start}-${end - 1}/*` });
    response.write(bytes.subarray(0, half));
    setTimeout(
      () => response.end(isBroken ? Buffer.alloc(bytes.length - half) : bytes.subarray(half)),
      300 + 150 * asked++,
    );
    return true;
  };
}

function expectRightBlobs(home: string): void {
  const cache = join(home, 'hub', 'models--owner--model');
  for (const name of readdirSync(join(cache, 'snapshots', COMMIT)))
    expect(readFileSync(join(cache, 'snapshots', COMMIT, name)).equals(hub.models.get(MODEL)!.get(name)!)).toBe(true);
  for (const name of readdirSync(join(cache, 'blobs')).filter((each) => /^[0-9a-f]{64}$/.test(each)))
    expect(
      createHash('sha256')
        .update(readFileSync(join(cache, 'blobs', name)))
        .digest('hex'),
    ).toBe(name);
  expect(readdirSync(join(cache, 'blobs')).filter((name) => name.includes('tmp'))).toEqual([]);
}

it.skipIf(!hasNamespaces())(
  'two containers on one cache both get the right bytes, though both are process 1',
  async () => {
    answerSlowly(false);
    const home = temporaryFolder();
    const results = await Promise.all([1, 2, 3].map(() => fetchIn(home, IN_NEW_NAMESPACE)));
    for (const { code, said } of results) expect(said, String(code)).toMatch(new RegExp(`snapshots/${COMMIT}\n$`));
    expectRightBlobs(home);
  },
  60_000,
);

it.skipIf(!hasNamespaces())(
  'a broken download in one container does not spoil that of another',
  async () => {
    answerSlowly(true);
    const home = temporaryFolder();
    const results = await Promise.all([1, 2, 3].map(() => fetchIn(home, IN_NEW_NAMESPACE)));
    expect(results.map(({ code }) => code).sort()).toEqual([0, 0, 1]);
    expect(results.find(({ code }) => code === 1)!.said).toContain('expected content of SHA-256');
    expectRightBlobs(home);
  },
  60_000,
);
