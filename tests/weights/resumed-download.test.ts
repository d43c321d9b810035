/** @file Downloads that were interrupted are continued, by the same process or another. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { thisProcess } from '../../src/base/processes.js';
import { makerTag } from '../../src/base/stale-files.js';
import { resolveModelFolder, type DownloadProgress } from '../../src/weights/hub.js';
import { encodeHeader } from '../../src/weights/safetensors-header.js';
import { askHub, COMMIT, startFakeHub, type FakeHub } from './fake-hub.js';
import { failureOf, temporaryFolder } from './support.js';

const BUILT = fileURLToPath(new URL('../../dist/weights/hub.js', import.meta.url));
const ELSEWHERE = { ...thisProcess(), namespace: 'of a container' };
const DEAD = { ...thisProcess(), started: '1' }; // another process had this id
const BYTES = 1_000_000;

/** A whole CLIP: a tensor of the text model between two of the vision model. */
function clip(): Buffer {
  const tensor = (name: string, rows: number) => ({ name, dtype: 'F32' as const, shape: [rows] });
  const parts = [tensor('vision_model.a', 100), tensor('text_model.b', BYTES / 4), tensor('vision_model.c', 50_000)];
  return Buffer.concat([encodeHeader(parts), randomBytes(4 * (100 + BYTES / 4 + 50_000))]);
}

/** The two ways to download weights: a whole file, whose SHA-256 the hub has, and a part of one. */
const WEIGHTS = [
  ['pytorch_model.bin', () => randomBytes(BYTES)],
  ['model.safetensors', clip],
] as const;

let hub: FakeHub;
let home: string;
beforeEach(async () => {
  hub = await startFakeHub();
  home = await temporaryFolder();
  askHub(hub, home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

const resolve = (onProgress?: (progress: DownloadProgress) => void): Promise<string> =>
  resolveModelFolder('a/b', {
    flag: '--teacher',
    parts: ['weights'],
    retryDelay: 1,
    ...(onProgress && { onProgress }),
  });

const folderOf = (name: string): string =>
  name === 'model.safetensors'
    ? join(home, 'cache', 'kd', 'hub', 'models--a--b', COMMIT)
    : join(home, 'hub', 'models--a--b', 'blobs');

const partsOf = (name: string): string[] => readdirSync(folderOf(name)).filter((each) => each.startsWith('.kd-'));

function publish(name: string, make: () => Buffer): Buffer {
  const bytes = make();
  hub.models.set('a/b', new Map([[name, bytes]]));
  return bytes;
}

/** Sends the first `count` bytes of a long range, and calls back when they are sent. The connection stays open. */
function stopAfter(count: number, onStop: (destroy: () => void) => void): void {
  hub.interfere = (path, start, end, response) => {
    if (end - start < 10_000) return false;
    hub.ranges.push({ path, start, end });
    response.writeHead(206, { 'Content-Length': end - start, 'Content-Range': `bytes ${start}-${end - 1}/*` });
    response.write(
      hub.models
        .get('a/b')!
        .get(path)!
        .subarray(start, start + count),
      () => {
        onStop(() => response.destroy());
      },
    );
    return true;
  };
}

/** Has half of the weights downloaded before the hub goes away. */
async function breakOff(): Promise<void> {
  stopAfter(BYTES / 2, (destroy) => {
    hub.interfere = (_path, start, end, response) => end - start > 10_000 && response.destroy() !== undefined;
    setTimeout(destroy, 50);
  });
  expect(await failureOf(resolve())).toContain('the download broke off');
  hub.interfere = undefined;
  hub.ranges.length = 0;
}

/** Downloads in a process of its own, which ends by a signal half-way. */
async function interrupted(how: 'SIGKILL' | 'exit'): Promise<void> {
  const script = `import { resolveModelFolder } from ${JSON.stringify(BUILT)};
    process.on('SIGTERM', () => process.exit(1));
    await resolveModelFolder('a/b', { flag: '--teacher', parts: ['weights'] });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  stopAfter(BYTES / 2, () => setTimeout(() => child.kill(how === 'exit' ? 'SIGTERM' : how), 300));
  await once(child, 'close');
  hub.interfere = undefined;
  hub.ranges.length = 0;
}

/** Where the first long range began, relative to the first byte that the download needs. */
function startedAt(bytes: Buffer): number {
  const dataStart = bytes.readUInt32LE(4) === 0 ? 8 + bytes.readUInt32LE() + 400 : 0;
  return hub.ranges.find(({ start, end }) => end - start > 10_000)!.start - dataStart;
}

/** Expects the whole of the weights, and no rest of a download. */
function expectWhole(folder: string, name: string, bytes: Buffer): void {
  const found = readFileSync(join(folder, name));
  if (name === 'pytorch_model.bin') expect(found.equals(bytes)).toBe(true);
  else expect(found.subarray(-BYTES).equals(bytes.subarray(-BYTES - 200_000, -200_000))).toBe(true);
  expect(partsOf(name)).toEqual([]);
}

describe.each(WEIGHTS)('an interrupted download of %s', (name, make) => {
  it('is continued where the connection broke off', async () => {
    const bytes = publish(name, make);
    await breakOff();
    expect(partsOf(name)).toEqual([expect.stringMatching(/^\.kd-[0-9a-f]{64}-\d+-[0-9a-f]{32}\.part$/)]);
    const steps: DownloadProgress[] = [];
    const folder = await resolve((progress) => steps.push(progress));
    expect(startedAt(bytes)).toBeGreaterThan(100_000);
    const { bytesDone, bytesTotal } = steps.at(-1)!;
    expect(bytesTotal).toBeLessThan(BYTES - 100_000);
    expect(bytesDone).toBe(bytesTotal);
    expectWhole(folder, name, bytes);
  });

  it.each(['SIGKILL', 'exit'] as const)('is continued where its process was stopped (%s)', async (how) => {
    const bytes = publish(name, make);
    await interrupted(how);
    expect(partsOf(name)).toHaveLength(1);
    expectWhole(await resolve(), name, bytes);
    expect(startedAt(bytes)).toBeGreaterThan(100_000);
  });

  it('starts again if what is there is damaged', async () => {
    const bytes = publish(name, make);
    await breakOff();
    const [part] = partsOf(name);
    const damaged = readFileSync(join(folderOf(name), part));
    damaged[70_000] ^= 1;
    writeFileSync(join(folderOf(name), part), damaged);
    expectWhole(await resolve(), name, bytes);
    expect(startedAt(bytes)).toBe(0);
  });

  it('leaves another process’s part alone', async () => {
    const bytes = publish(name, make);
    await breakOff();
    const [part] = partsOf(name);
    const key = part.slice(0, '.kd-'.length + 64);
    const taken = `${key}-${makerTag(ELSEWHERE)}.part`;
    renameSync(join(folderOf(name), part), join(folderOf(name), taken));
    await resolve();
    expect(startedAt(bytes)).toBe(0);
    expect(partsOf(name)).toEqual([taken]);
  });

  it.skipIf(process.getuid?.() !== 0)('leaves another user’s part alone', async () => {
    const bytes = publish(name, make);
    await breakOff();
    const [part] = partsOf(name);
    chownSync(join(folderOf(name), part), 65534, 65534);
    await resolve();
    expect(startedAt(bytes)).toBe(0);
    expect(partsOf(name)).toEqual([part]);
  });

  it('is not kept for what is hardly anything', async () => {
    publish(name, make);
    stopAfter(10_000, (destroy) => setTimeout(destroy, 20));
    await failureOf(resolve());
    expect(partsOf(name)).toEqual([]);
  });
});

describe('a part', () => {
  const name = 'pytorch_model.bin';

  /** Puts a part of a process into the cache. */
  function leave(whole: Buffer, content: Buffer, maker: string, minutes = 0): string {
    const key = createHash('sha256').update(whole).digest('hex');
    const part = join(folderOf(name), `.kd-${key}-${maker}.part`);
    writeFileSync(part, content);
    const time = Date.now() / 1000 - 60 * minutes;
    utimesSync(part, time, time);
    return part;
  }

  let bytes: Buffer;
  beforeEach(() => {
    bytes = publish(name, () => randomBytes(BYTES));
    mkdirSync(folderOf(name), { recursive: true });
  });

  it('of an unknown process is continued once it has been silent for ten minutes', async () => {
    leave(bytes, bytes.subarray(0, 300_000), makerTag(ELSEWHERE), 11);
    expectWhole(await resolve(), name, bytes);
    expect(startedAt(bytes)).toBe(300_000);
  });

  it('that is the largest is continued, and the others removed', async () => {
    for (const end of [200_000, 400_000, 300_000]) leave(bytes, bytes.subarray(0, end), makerTag(DEAD));
    expectWhole(await resolve(), name, bytes);
    expect(startedAt(bytes)).toBe(400_000);
  });

  it('that is damaged is found by the SHA-256 of the whole, and everything downloaded again', async () => {
    leave(bytes, Buffer.alloc(300_000), makerTag(DEAD));
    const steps: DownloadProgress[] = [];
    expectWhole(await resolve((progress) => steps.push(progress)), name, bytes);
    expect([steps[0].bytesTotal, steps.at(-1)!.bytesTotal]).toEqual([700_000, BYTES]);
    expect(steps.at(-1)!.bytesDone).toBe(BYTES);
    expect(hub.ranges.filter(({ end, start }) => end - start > 10_000).map(({ start }) => start)).toEqual([300_000, 0]);
  });

  it.each([
    ['complete', () => bytes, 0],
    ['larger than the file', () => Buffer.concat([bytes, bytes]), 1],
  ])('that is %s', async (_, contentOf, downloads) => {
    leave(bytes, contentOf(), makerTag(DEAD));
    expectWhole(await resolve(), name, bytes);
    expect(hub.ranges.filter(({ end, start }) => end - start > 10_000)).toHaveLength(downloads);
  });

  it('of another file is kept for a week', async () => {
    const day = 24 * 60;
    const kept = leave(randomBytes(9), Buffer.alloc(70_000), makerTag(DEAD), 6 * day);
    const forgotten = leave(randomBytes(9), Buffer.alloc(70_000), makerTag(DEAD), 8 * day);
    await resolve();
    expect([existsSync(kept), existsSync(forgotten)]).toEqual([true, false]);
  });
});

it('a damaged text model does not pass for sound after a download of another was interrupted', async () => {
  const bytes = publish('model.safetensors', clip);
  const path = join(await resolve(), 'model.safetensors');
  const damaged = readFileSync(path);
  damaged[damaged.length - 1] ^= 1;
  writeFileSync(path, damaged);
  await breakOff();
  expectWhole(await resolve(), 'model.safetensors', bytes);
});
