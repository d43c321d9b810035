import { cp, mkdir, readdir, readFile, realpath, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPretrained } from '../../src/models/pretrained.js';
import { sentenceModules } from '../../src/models/sentence-modules.js';
import { openWeights } from '../../src/weights/folder.js';
import { PIPELINE_PART } from '../../src/diffusion/pipeline-files.js';
import type { DownloadProgress, ModelPart, ResolveOptions } from '../../src/weights/hub.js';
import { parseModelId, resolveModelFolder } from '../../src/weights/hub.js';
import type { FakeHub } from './fake-hub.js';
import { COMMIT, startFakeHub } from './fake-hub.js';
import { failureOf, fileOf, fixture, readAll, temporaryFolder } from './support.js';

/** The files that are needed of the student, in the order of their names. */
const STUDENT_FILES = [
  'config.json',
  'model.safetensors',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.txt',
];

let hub: FakeHub;
let home: string;
beforeEach(async () => {
  hub = await startFakeHub();
  home = await temporaryFolder();
  vi.stubEnv('HF_ENDPOINT', `${hub.url}/`);
  vi.stubEnv('HF_HOME', join(home, 'hf'));
  vi.stubEnv('XDG_CACHE_HOME', join(home, 'xdg'));
  for (const name of ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN', 'HF_HUB_OFFLINE'])
    vi.stubEnv(name, undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

const snapshotOf = (name: string): string =>
  join(home, 'hf', 'hub', `models--${name.replace('/', '--')}`, 'snapshots', COMMIT);
const textModelOf = (name: string): string =>
  join(home, 'xdg', 'kd', 'hub', `models--${name.replace('/', '--')}`, COMMIT);

/** Puts the files of fixture folders on the hub as one model. */
async function publish(name: string, ...folders: string[]): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const folder of folders)
    for (const file of await readdir(fixture(folder))) files.set(file, await readFile(join(fixture(folder), file)));
  files.set('README.md', Buffer.from('# not needed\n'));
  files.set('flax_model.msgpack', Buffer.alloc(100_000));
  hub.models.set(name, files);
  return files;
}

const resolve = (id: string, options: Partial<ResolveOptions> = {}): Promise<string> =>
  resolveModelFolder(id, { flag: '--teacher', retryDelay: 1, ...options });

async function expectSameWeights(
  folder: string,
  original: string,
  isKept: (name: string) => boolean = () => true,
): Promise<void> {
  const [here, there] = [await openWeights(folder), await openWeights(fixture(original))];
  expect(await readAll(here)).toEqual(new Map([...(await readAll(there))].filter(([name]) => isKept(name))));
  await Promise.all([here.close(), there.close()]);
}

/** Every file below a folder that is not a link's target being read, as relative paths. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

describe('folders', () => {
  it('are used as they are', async () => {
    expect(await resolve(fixture('teacher'))).toBe(fixture('teacher'));
    expect(hub.requests).toEqual([]);
  });

  it('of an old sentence-transformers have the model inside them', async () => {
    await cp(fixture('student'), join(home, 'sentences/0_Transformer'), { recursive: true });
    const found = await resolve(join(home, 'sentences'));
    expect(found).toBe(join(home, 'sentences/0_Transformer'));
    await expectSameWeights(found, 'student');
    await fileOf(join(home, 'sentences'), 'config.json', '{}'); // then it has files of its own
    expect(await resolve(join(home, 'sentences'))).toBe(join(home, 'sentences'));
  });

  it.each([
    './student',
    '../student',
    '/nowhere/student',
    'a/b/c',
    'student',
    '~/student',
    'a//b',
    '',
    'a/b@',
    'a/b@../c',
    'a b/c',
    'a/..',
  ])('that do not exist: "%s"', async (path) => {
    const name = path === '' ? '""' : path;
    expect(await failureOf(resolve(path))).toBe(
      `--teacher ${name}: no such folder; expected a model's folder, or a model on the hub as owner/name`,
    );
    expect(hub.requests).toEqual([]);
  });

  it('are not files', async () => {
    const path = fixture('teacher/model.safetensors');
    expect(await failureOf(resolve(path))).toBe(
      `--teacher ${path}: expected a model's folder, found a file; give the folder it is in`,
    );
  });

  it('are distinguished from ids', () => {
    expect(parseModelId('klue/roberta-small')).toEqual({ name: 'klue/roberta-small', revision: 'main' });
    expect(parseModelId('a/b.c_1@refs/pr/1')).toEqual({ name: 'a/b.c_1', revision: 'refs/pr/1' });
  });
});

describe('a pipeline on the hub', () => {
  it('is downloaded with what is beside its models, and no more', async () => {
    const files = new Map(
      [
        'model_index.json',
        'scheduler/scheduler_config.json',
        'unet/model.onnx',
        'unet/weights.pb',
        'vae_decoder/model.onnx',
        'vae/config.json',
      ].map((path) => [path, Buffer.from(`the content of ${path}`)]),
    );
    const others = ['README.md', 'text_encoder/model.onnx', 'vae/model.bin', 'unet/other/model.onnx'].map(
      (path) => [path, Buffer.from(path)] as const,
    );
    hub.models.set('someone/pipeline', new Map([...files, ...others]));
    const folder = await resolve('someone/pipeline@v1', { parts: [PIPELINE_PART] });
    expect(folder).toBe(snapshotOf('someone/pipeline'));
    expect((await filesBelow(folder)).sort()).toEqual([...files.keys()].sort());
    for (const [path, bytes] of files) expect((await readFile(join(folder, path))).equals(bytes)).toBe(true);
    const asked = hub.requests.length;
    expect(await resolve('someone/pipeline@v1', { parts: [PIPELINE_PART] })).toBe(folder);
    expect(hub.requests).toHaveLength(asked);
  });

  it('is refused if a part is missing', async () => {
    hub.models.set('someone/half', new Map([['model_index.json', Buffer.from('{}')]]));
    expect(await failureOf(resolve('someone/half', { parts: [PIPELINE_PART] }))).toBe(
      'someone/half: expected the file scheduler/scheduler_config.json, which the model does not have; name another ' +
        'model or revision',
    );
  });
});

describe('a model on the hub', () => {
  it('is downloaded into the hub’s cache, only the files needed, and never twice', async () => {
    const files = await publish('klue/roberta-small', 'student');
    const folder = await resolve('klue/roberta-small');
    expect(folder).toBe(snapshotOf('klue/roberta-small'));
    expect((await readdir(folder)).sort()).toEqual(STUDENT_FILES);
    for (const name of STUDENT_FILES) expect((await readFile(join(folder, name))).equals(files.get(name)!)).toBe(true);
    await expectSameWeights(folder, 'student');
    // The header of the weights, 8 bytes and what they say, is read before the plan is made.
    const header = 8 + Number(files.get('model.safetensors')!.readBigUInt64LE());
    expect(hub.bytesServed()).toBe(STUDENT_FILES.reduce((total, name) => total + files.get(name)!.length, header));

    hub.requests.length = 0;
    expect(await resolve('klue/roberta-small')).toBe(folder);
    expect(hub.requests).toEqual([]);
  });

  it('is stored as Python stores it', async () => {
    await publish('klue/roberta-small', 'student');
    await resolve('klue/roberta-small', { parts: ['config'] });
    expect((await filesBelow(join(home, 'hf'))).sort()).toEqual([
      expect.stringMatching(/^hub\/models--klue--roberta-small\/blobs\/[0-9a-f]{40}$/),
      'hub/models--klue--roberta-small/refs/main',
      `hub/models--klue--roberta-small/snapshots/${COMMIT}/config.json`,
    ]);
    expect(await readFile(join(home, 'hf/hub/models--klue--roberta-small/refs/main'), 'utf8')).toBe(COMMIT);
  });

  it.each([
    ['teacher-bin', 'pytorch_model.bin'],
    ['student-sharded', 'model.safetensors.index.json'],
  ])('may have its weights as in variants/%s', async (variant, file) => {
    await publish('owner/model', `variants/${variant}`, variant.startsWith('teacher') ? 'teacher' : 'student');
    hub.models.get('owner/model')!.delete('model.safetensors');
    const folder = await resolve('owner/model');
    expect(await readdir(folder)).toContain(file);
    await expectSameWeights(folder, `variants/${variant}`);
    hub.requests.length = 0;
    await resolve('owner/model');
    expect(hub.requests).toEqual([]);
    if (!file.endsWith('.index.json')) return;
    await writeFile(await realpath(join(folder, file)), '{"weight_map": ');
    await expectSameWeights(await resolve('owner/model'), `variants/${variant}`); // fetched again
  });

  it('of an old sentence-transformers is downloaded with the folder inside it', async () => {
    const files = await publish('owner/sentences', 'student');
    for (const name of STUDENT_FILES) {
      files.set(`0_Transformer/${name}`, files.get(name)!);
      files.delete(name);
    }
    files.delete('0_Transformer/tokenizer_config.json'); // known to be absent afterwards
    files.set('modules.json', Buffer.from('[]'));
    files.set('1_Pooling/config.json', Buffer.from('{}'));
    const folder = await resolve('owner/sentences');
    expect(folder).toBe(join(snapshotOf('owner/sentences'), '0_Transformer'));
    expect((await filesBelow(snapshotOf('owner/sentences'))).sort()).toEqual(
      [
        ...STUDENT_FILES.filter((name) => name !== 'tokenizer_config.json').map((name) => `0_Transformer/${name}`),
        'modules.json',
      ].sort(),
    );
    await expectSameWeights(folder, 'student');
    hub.requests.length = 0;
    expect(await resolve('owner/sentences')).toBe(folder);
    expect(hub.requests).toEqual([]);
  });

  it('of sentence-transformers is downloaded with its list of modules, also where only a part of it is', async () => {
    for (const [name, folder, ...others] of [
      ['owner/whole', 'student'],
      ['owner/part', 'teacher', 'variants/teacher-inside-full-clip'],
    ] as const) {
      const files = await publish(name, folder, ...others);
      files.set('modules.json', Buffer.from('[{"type": "sentence_transformers.models.Dense", "path": "2_Dense"}]'));
      const resolved = await resolve(name);
      expect(await sentenceModules(resolved), name).toEqual(['2_Dense']);
      hub.requests.length = 0;
      expect(await resolve(name)).toBe(resolved);
      expect(hub.requests).toEqual([]);
    }
  });

  it('prefers safetensors to a pickle', async () => {
    await publish('owner/model', 'variants/teacher-bin', 'teacher');
    expect(await readdir(await resolve('owner/model'))).not.toContain('pytorch_model.bin');
  });

  it('is downloaded in parts, of one commit, each part once', async () => {
    const files = await publish('owner/model', 'student');
    const parts: ModelPart[][] = [['config'], ['config', 'tokenizer'], ['weights'], ['config', 'tokenizer', 'weights']];
    for (const some of parts) expect(await resolve('owner/model', { parts: some })).toBe(snapshotOf('owner/model'));
    const served = hub.ranges
      .filter(({ path, start, end }) => start === 0 && end === files.get(path)!.length)
      .map(({ path }) => path);
    expect(served.sort()).toEqual(STUDENT_FILES);
    expect(hub.requests.filter((request) => request.includes('/revision/'))).toHaveLength(1);
  });

  it('may be named with a tag or a commit', async () => {
    await publish('owner/model', 'student');
    for (const revision of ['v1', COMMIT])
      expect(await resolve(`owner/model@${revision}`)).toBe(snapshotOf('owner/model'));
    const full = hub.ranges.filter(({ path }) => path === 'vocab.txt');
    expect(full).toHaveLength(1);
  });

  it('reports progress in bytes of all files', async () => {
    const files = await publish('owner/model', 'student');
    const steps: DownloadProgress[] = [];
    await resolve('owner/model', { onProgress: (progress) => steps.push(progress) });
    const total = STUDENT_FILES.reduce((sum, name) => sum + files.get(name)!.length, 0);
    expect(new Set(steps.map(({ bytesTotal }) => bytesTotal))).toEqual(new Set([total]));
    expect(steps.at(-1)).toEqual({ file: 'model.safetensors', bytesDone: total, bytesTotal: total });
    expect(steps.every((step, i) => i === 0 || step.bytesDone > steps[i - 1].bytesDone)).toBe(true);
  });

  it('is requested with HF_TOKEN', async () => {
    await publish('owner/model', 'student');
    vi.stubEnv('HF_TOKEN', 'hf_secret');
    await resolve('owner/model');
    expect(hub.tokens).toEqual(new Set(['Bearer hf_secret']));
  });

  it('is read from the cache that Python filled, without the hub', async () => {
    await hub.close();
    const folder = snapshotOf('openai/clip-vit-large-patch14');
    await mkdir(folder, { recursive: true });
    await mkdir(join(folder, '../../refs'));
    await fileOf(join(folder, '../../refs'), 'main', COMMIT);
    for (const name of await readdir(fixture('teacher'))) await symlink(fixture(`teacher/${name}`), join(folder, name));
    expect(await resolve('openai/clip-vit-large-patch14')).toBe(folder);
    await rm(join(folder, 'model.safetensors'));
    expect(await failureOf(resolve('openai/clip-vit-large-patch14'))).toMatch(/cannot be reached/);
  });
});

describe('a student with a projection', () => {
  it('that Python cached without it is completed', async () => {
    const files = await publish('me/student', 'student');
    const config = JSON.parse(files.get('config.json')!.toString()) as object;
    files.set('config.json', Buffer.from(JSON.stringify({ ...config, kd_projection_dim: 24 })));
    files.set('projection.safetensors', Buffer.from('the projection'));
    const folder = await resolve('me/student');
    await rm(join(folder, 'projection.safetensors')); // which AutoModel does not ask for
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await expect(openPretrained(await resolve('me/student'), 0)).rejects.toThrow(
      `${folder}/projection.safetensors: expected the projection to width 24 of which config.json tells, found no such`,
    );
    vi.stubEnv('HF_HUB_OFFLINE', undefined);
    expect(await resolve('me/student')).toBe(folder);
    expect(await readFile(join(folder, 'projection.safetensors'), 'utf8')).toBe('the projection');
    hub.requests.length = 0;
    await resolve('me/student');
    expect(hub.requests).toEqual([]);
  });
});

describe('what a model does not have', () => {
  const forget = (name: string): boolean => hub.models.get('owner/model')!.delete(name);

  it('is noted as Python notes it, so that the hub is not asked again', async () => {
    await publish('owner/model', 'teacher');
    forget('tokenizer_config.json');
    const folder = await resolve('owner/model');
    expect(await filesBelow(join(folder, '../../.no_exist'))).toEqual([`${COMMIT}/tokenizer_config.json`]);
    hub.requests.length = 0;
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await resolve('owner/model')).toBe(folder);
    vi.stubEnv('HF_HUB_OFFLINE', undefined);
    expect(await resolve('owner/model')).toBe(folder);
    expect(hub.requests).toEqual([]);
  });

  it('is asked for once where Python filled the cache; without the hub the cache does', async () => {
    await publish('owner/model', 'student');
    forget('tokenizer_config.json');
    const folder = await resolve('owner/model');
    await rm(join(folder, '../../.no_exist'), { recursive: true });
    await rm(join(folder, 'tokenizer.json'));
    hub.refusal = { status: 500 };
    expect(await resolve('owner/model')).toBe(folder);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await resolve('owner/model')).toBe(folder);
    vi.stubEnv('HF_HUB_OFFLINE', undefined);
    hub.refusal = undefined;
    await resolve('owner/model');
    expect(await readdir(folder)).toContain('tokenizer.json');
    hub.requests.length = 0;
    await resolve('owner/model');
    expect(hub.requests).toEqual([]);
  });

  it.each([
    ['tokenizer.json', ['student']],
    ['special_tokens_map.json', ['student']],
    ['model.safetensors', ['student', 'variants/student-masked-lm-bin']],
  ])('is told from a link of the cache to nothing: %s', async (name, folders) => {
    await publish('owner/model', ...folders);
    const folder = await resolve('owner/model');
    if (folders.length > 1) await fileOf(folder, 'pytorch_model.bin', 'no weights');
    await rm(await realpath(join(folder, name)));
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await failureOf(resolve('owner/model'))).toMatch(
      /^owner\/model: no such folder, and the cache does not have the whole model, /,
    );
    vi.stubEnv('HF_HUB_OFFLINE', undefined);
    await resolve('owner/model');
    expect((await stat(join(folder, name))).isFile()).toBe(true);
  });
});

describe('a whole CLIP on the hub', () => {
  const isText = (name: string): boolean => name.startsWith('text_model.');

  it('downloads only its text model’s bytes, once', async () => {
    const files = await publish('openai/clip', 'teacher', 'variants/teacher-inside-full-clip');
    const steps: DownloadProgress[] = [];
    const folder = await resolve('openai/clip', { onProgress: (progress) => steps.push(progress) });
    expect(folder).toBe(textModelOf('openai/clip'));
    await expectSameWeights(folder, 'variants/teacher-inside-full-clip', isText);

    const whole = await openWeights(fixture('variants/teacher-inside-full-clip'));
    const textBytes = [...whole.tensors.values()]
      .filter(({ name }) => isText(name))
      .reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
    await whole.close();
    const file = files.get('model.safetensors')!;
    const dataStart = 8 + Number(file.readBigUInt64LE());
    const ranges = hub.ranges.filter(({ path }) => path === 'model.safetensors');
    expect(ranges).toEqual([
      { path: 'model.safetensors', start: 0, end: 8 },
      { path: 'model.safetensors', start: 8, end: dataStart },
      { path: 'model.safetensors', start: dataStart + 4, end: dataStart + 4 + textBytes }, // after logit_scale
    ]);
    expect(textBytes).toBeLessThan(file.length - dataStart);
    const small = [
      'config.json',
      'merges.txt',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'vocab.json',
    ];
    expect((await readdir(folder)).sort()).toEqual([...small, 'model.safetensors', '.model.safetensors.sha256'].sort());
    for (const name of small) expect((await readFile(join(folder, name))).equals(files.get(name)!)).toBe(true);
    const { size } = await stat(join(folder, 'model.safetensors'));
    const total = size + small.reduce((sum, name) => sum + files.get(name)!.length, 0);
    expect(steps.at(-1)).toMatchObject({ bytesDone: total, bytesTotal: total });

    hub.requests.length = 0;
    expect(await resolve('openai/clip')).toBe(folder);
    expect(hub.requests).toEqual([]);
  });

  it('may be completed part by part', async () => {
    await publish('openai/clip', 'teacher', 'variants/teacher-inside-full-clip');
    expect(await resolve('openai/clip', { parts: ['config', 'weights'] })).toBe(textModelOf('openai/clip'));
    expect(await resolve('openai/clip', { parts: ['tokenizer'] })).toBe(snapshotOf('openai/clip'));
    const before = hub.bytesServed();
    expect(await resolve('openai/clip')).toBe(textModelOf('openai/clip'));
    expect(hub.bytesServed()).toBe(before);
  });

  it('is refused if its header is damaged', async () => {
    const files = await publish('openai/clip', 'teacher');
    files.set(
      'model.safetensors',
      Buffer.concat([Buffer.from('\xff\xff\xff\xff\0\0\0\0', 'latin1'), Buffer.alloc(60_000)]),
    );
    expect(await failureOf(resolve('openai/clip'))).toBe(
      'openai/clip/model.safetensors: expected a safetensors header of at most 100000000 bytes, the file says ' +
        '4294967295; get the file again',
    );
  });
});

describe('a damaged large file in the cache', () => {
  /** Changes a byte of a file behind a link, as a disk may, and gives the file. */
  async function damage(path: string): Promise<string> {
    const blob = await realpath(path);
    const bytes = await readFile(blob);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(blob, bytes);
    return blob;
  }

  const models = [
    ['a model', 'someone/small', ['student']],
    ['the text model of a CLIP', 'openai/clip', ['teacher', 'variants/teacher-inside-full-clip']],
  ] as const;

  it.each(models)('is downloaded again: of %s', async (_, id, folders) => {
    await publish(id, ...folders);
    const path = join(await resolve(id), 'model.safetensors');
    const before = await readFile(path);
    await damage(path);
    expect(await resolve(id)).toBe(join(path, '..'));
    expect((await readFile(path)).equals(before)).toBe(true);
    const asked = hub.requests.length;
    await resolve(id);
    expect(hub.requests).toHaveLength(asked);
  });

  it.each(models)('is reported if it cannot be downloaded again: of %s', async (_, id, folders) => {
    await publish(id, ...folders);
    const path = join(await resolve(id), 'model.safetensors');
    await damage(path);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await failureOf(resolve(id))).toContain(
      `${path}: this cached file is damaged and cannot be downloaded again: `,
    );
  });

  it('is noticed when Python fetched it', async () => {
    await publish('someone/small', 'student');
    const path = join(await resolve('someone/small'), 'model.safetensors');
    await rm(join(home, 'xdg'), { recursive: true });
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await resolve('someone/small');
    await rm(join(home, 'xdg'), { recursive: true });
    await damage(path);
    expect(await failureOf(resolve('someone/small'))).toContain('model.safetensors: this cached file is damaged');
  });

  it('is read once, and again when its time, size or inode has changed', async () => {
    await publish('someone/small', 'student');
    const path = join(await resolve('someone/small'), 'model.safetensors');
    const { atime, mtime } = await stat(path);
    await utimes(path, atime, mtime); // whole milliseconds, which can be set again
    await resolve('someone/small');
    const blob = await damage(path);
    await utimes(blob, atime, mtime);
    const asked = hub.requests.length;
    await resolve('someone/small');
    expect(hub.requests).toHaveLength(asked);
    await utimes(blob, atime, new Date(mtime.getTime() + 1000));
    await resolve('someone/small');
    expect(hub.requests.length).toBeGreaterThan(asked);
  });

  it('is noticed in a pipeline, too', async () => {
    const paths = [...PIPELINE_PART.files, 'unet/weights.pb'];
    hub.models.set('someone/pipeline', new Map(paths.map((path) => [path, Buffer.alloc(60_000, path)])));
    const folder = await resolve('someone/pipeline', { parts: [PIPELINE_PART] });
    await damage(join(folder, 'unet/weights.pb'));
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await failureOf(resolve('someone/pipeline', { parts: [PIPELINE_PART] }))).toContain(
      `${join(folder, 'unet/weights.pb')}: this cached file is damaged`,
    );
  });

  it('is used if no mark can be written', async () => {
    await publish('someone/small', 'student');
    await fileOf(home, 'xdg', 'no folder');
    const folder = await resolve('someone/small');
    expect(await resolve('someone/small')).toBe(folder);
  });
});

describe('interruptions', () => {
  it('of an answer about the model are tried again', async () => {
    await publish('owner/model', 'student');
    let broken = 0;
    hub.answerFirst = (response) => {
      if (broken++ === 2) hub.answerFirst = undefined;
      else response.destroy();
      return broken <= 2;
    };
    await resolve('owner/model', { parts: ['config'] });
    expect(hub.requests).toHaveLength(5); // three for the commit, one for the list, one for the file
    hub.answerFirst = (response) => {
      response.destroy();
      return true;
    };
    expect(await failureOf(resolve('a/b'))).toMatch(
      /cannot be reached \((other side closed|read ECONNRESET)\); connect/,
    );
  });

  /**
   * Sends half of a long range, then ends the response as if that were all, or breaks the connection; `times` times.
   * Then, if told, goes silent.
   */
  function interrupt(how: 'ends early' | 'breaks', times: number, silentAfterwards = false): void {
    hub.interfere = (path, start, end, response) => {
      if (path !== 'model.safetensors' || end - start < 10_000) return false;
      if (times-- <= 0) {
        if (silentAfterwards) response.destroy();
        return silentAfterwards;
      }
      const half = start + ((end - start) >> 1);
      hub.ranges.push({ path, start, end: half });
      const bytes = hub.models.get('owner/model')!.get(path)!.subarray(start, half);
      response.writeHead(206, how === 'breaks' ? { 'Content-Length': end - start } : {});
      if (how === 'breaks') response.write(bytes, () => response.destroy());
      else response.end(bytes);
      return true;
    };
  }

  it.each([
    ['student', 'ends early'],
    ['student', 'breaks'],
    ['variants/teacher-inside-full-clip', 'ends early'],
    ['variants/teacher-inside-full-clip', 'breaks'],
  ] as const)('of %s, when the connection %s, are resumed from there', async (model, how) => {
    await publish('owner/model', 'teacher', model);
    interrupt(how, 2);
    const folder = await resolve('owner/model');
    await expectSameWeights(folder, model, (name) => model === 'student' || name.startsWith('text_model.'));
    const long = hub.ranges.filter(({ path, start, end }) => path === 'model.safetensors' && end - start > 10_000);
    expect(long).toHaveLength(3);
    if (how === 'breaks') return; // what was on its way is lost, so where "there" is may vary
    expect(long[1].start).toBe(long[0].end);
    expect(long[2].start).toBe(long[1].end);
  });

  it.each(['student', 'variants/teacher-inside-full-clip'])(
    'of %s that do not end leave nothing that passes for complete',
    async (model) => {
      await publish('owner/model', 'teacher', model);
      await resolve('owner/model', { parts: ['config'] }); // so that the commit is known
      interrupt('ends early', 1, true);
      expect(await failureOf(resolve('owner/model'))).toMatch(
        /^owner\/model\/model\.safetensors: the download broke off, and 5 attempts got no further \(.+\); run the same command again$/,
      );
      const left = [...(await filesBelow(join(home, 'hf'))), ...(await filesBelow(join(home, 'xdg')))];
      expect(left.filter((path) => /tmp|safetensors/.test(path))).toEqual([]);
      expect(await readdir(snapshotOf('owner/model'))).toEqual(['config.json']);

      hub.interfere = undefined;
      await expectSameWeights(
        await resolve('owner/model'),
        model,
        (name) => model === 'student' || name.startsWith('text_model.'),
      );
      expect(hub.ranges.filter(({ path }) => path === 'tokenizer.json')).toHaveLength(1);
    },
  );

  it('through a proxy that changes bytes are rejected by their checksum', async () => {
    await publish('owner/model', 'student');
    hub.interfere = (path, start, end, response) => {
      if (path !== 'model.safetensors' || end - start < 10_000) return false;
      response.writeHead(206, { 'Content-Length': end - start }).end(Buffer.alloc(end - start));
      return true;
    };
    expect(await failureOf(resolve('owner/model'))).toMatch(
      /^owner\/model\/model\.safetensors: expected content of SHA-256 [0-9a-f]{64} from the hub, got [0-9a-f]{64}; run /,
    );
    expect((await filesBelow(join(home, 'hf'))).filter((path) => path.includes('tmp'))).toEqual([]);
  });

  it('through a proxy that does not support ranges are reported as such', async () => {
    await publish('owner/model', 'student');
    hub.interfere = (_path, _start, _end, response) => {
      response.writeHead(200).end('everything');
      return true;
    };
    expect(await failureOf(resolve('owner/model'))).toBe(
      `owner/model/model.safetensors: expected the file from byte 0 (status 206) from ${hub.url}, got status 200; ` +
        'check HF_ENDPOINT, and the proxy if there is one',
    );
  });
});

describe('a server without ranges', () => {
  const files = ['student', 'variants/teacher-inside-full-clip'];

  it.each(files)('sends the whole of %s each time', async (model) => {
    const files = await publish('owner/model', 'teacher', model);
    hub.interfere = (path, _start, _end, response) => {
      response.writeHead(200, { 'Content-Length': files.get(path)!.length }).end(files.get(path)!);
      return true;
    };
    const folder = await resolve('owner/model');
    await expectSameWeights(folder, model, (name) => model === 'student' || name.startsWith('text_model.'));
  });

  it.each(files)('that sends another part of %s is not believed', async (model) => {
    const files = await publish('owner/model', 'teacher', model);
    hub.interfere = (path, start, end, response) => {
      if (path !== 'model.safetensors' || end - start < 20_000) return false;
      const bytes = files.get(path)!;
      response.writeHead(206, { 'Content-Range': `bytes 8-${end - start + 7}/${bytes.length}` });
      response.end(bytes.subarray(8, end - start + 8));
      return true;
    };
    expect(await failureOf(resolve('owner/model'))).toMatch(/ got status 206, from byte 8; check HF_ENDPOINT, and /);
  });
});

describe('refusals', () => {
  it('no network', async () => {
    await hub.close();
    expect(await failureOf(resolve('klue/roberta-small', { flag: '--student' }))).toBe(
      `klue/roberta-small: no such folder, and the hub (${hub.url}) cannot be reached (ECONNREFUSED); connect, ` +
        'or give a local folder to --student',
    );
  });

  it('HF_HUB_OFFLINE', async () => {
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await failureOf(resolve('a/b'))).toBe(
      'a/b: no such folder, and the cache does not have the whole model, while HF_HUB_OFFLINE forbids contacting ' +
        'the hub; unset HF_HUB_OFFLINE, or give a local folder to --teacher',
    );
    vi.stubEnv('HF_HUB_OFFLINE', undefined);
    vi.stubEnv('TRANSFORMERS_OFFLINE', '1');
    expect(await failureOf(resolve('a/b'))).toContain(
      'while TRANSFORMERS_OFFLINE forbids contacting the hub; unset TRANSFORMERS_OFFLINE, or ',
    );
    expect(hub.requests).toEqual([]);
  });

  it('a token that is not valid, with where it comes from', async () => {
    hub.refusal = { status: 401, headers: { 'X-Error-Message': 'Invalid credentials in Authorization header' } };
    const file = await fileOf(await temporaryFolder(), 'token', 'hf_expired');
    vi.stubEnv('HF_TOKEN_PATH', file);
    expect(await failureOf(resolve('a/b'))).toBe(
      `a/b: ${hub.url} does not know the token in ${file}; replace it, or remove it if the model is public`,
    );
    hub.refusal = { status: 401 };
    expect(await failureOf(resolve('a/b'))).toMatch(
      new RegExp(`or replace the token in ${file} with one that may read it$`),
    );
  });

  it('a quota that is used up, with when there is a new one', async () => {
    hub.refusal = { status: 429, headers: { RateLimit: '"resolvers";r=0;t=55' } };
    expect(await failureOf(resolve('a/b'))).toBe(
      `a/b: ${hub.url} has had too many requests; wait 55 s and run the same command again, or set HF_TOKEN`,
    );
  });

  it('something else at the hub’s address', async () => {
    hub.answerAll = '<html>hello</html>';
    expect(await failureOf(resolve('a/b'))).toMatch(
      /^a\/b: expected an answer of the hub's API from http:\S+, got a web page, perhaps one to log in to this network; check HF_ENDPOINT$/,
    );
    hub.answerAll = 'hello';
    expect(await failureOf(resolve('a/b'))).toMatch(
      /^a\/b: expected an answer of the hub's API from http:\S+, got something else \(.*not valid JSON\); check HF_ENDPOINT$/,
    );
    hub.answerAll = '{}';
    expect(await failureOf(resolve('a/b'))).toBe(
      `a/b: expected a commit of 40 hexadecimal digits from ${hub.url}, got none; check HF_ENDPOINT`,
    );
    expect(await failureOf(resolve(`a/b@${COMMIT}`))).toMatch(
      /^a\/b: expected an answer of the hub's API from http:\S+, got JSON with other contents; check HF_ENDPOINT$/,
    );
  });

  it('no such model', async () => {
    expect(await failureOf(resolve('a/b'))).toBe(
      `a/b: no such folder, and no such model at ${hub.url}, unless it is private; check the name given to ` +
        '--teacher, or set HF_TOKEN',
    );
  });

  it('no such revision', async () => {
    await publish('a/b', 'student');
    expect(await failureOf(resolve('a/b@v9'))).toBe(
      'a/b: the model has no revision v9; name a branch, a tag or a commit that it has, after @',
    );
  });

  it.each([
    [403, 'GatedRepo', 'the model is gated; accept its terms at HUB/a/b and set HF_TOKEN'],
    [403, undefined, 'HUB does not allow you to read it; set HF_TOKEN'],
    [
      429,
      undefined,
      'HUB has had too many requests; wait a few minutes and run the same command again, or set HF_TOKEN',
    ],
    [503, undefined, 'HUB answers with status 503; try again later, or give a local folder to --teacher'],
  ])('status %i %s', async (status, code, expected) => {
    hub.refusal = { status, ...(code === undefined ? {} : { code }) };
    expect(await failureOf(resolve('a/b'))).toBe(`a/b: ${expected.replaceAll('HUB', hub.url)}`);
  });

  it('a commit that the cache names and the hub no longer has, with what to remove', async () => {
    await publish('owner/model', 'student');
    await resolve('owner/model', { parts: ['config'] });
    const ref = join(home, 'hf', 'hub', 'models--owner--model', 'refs', 'main');
    const gone = 'fedcba9876543210fedcba9876543210fedcba98';
    await writeFile(ref, gone);
    expect(await failureOf(resolve('owner/model'))).toBe(
      `owner/model: main is commit ${gone} in the cache, which lacks some of its files, and ${hub.url} no longer has ` +
        `that commit; to use the newest commit of main, remove ${ref}`,
    );
    await rm(ref);
    expect(await resolve('owner/model')).toBe(snapshotOf('owner/model'));
    expect(await failureOf(resolve(`owner/model@${gone}`))).toContain(`the model has no revision ${gone}; name`);
  });

  it('too many requests with a token, which then is not the remedy', async () => {
    vi.stubEnv('HF_TOKEN', 'hf_x');
    hub.refusal = { status: 429, headers: { 'Retry-After': '55' } };
    expect(await failureOf(resolve('a/b'))).toBe(
      `a/b: ${hub.url} has had too many requests; wait 55 s and run the same command again`,
    );
  });

  it('a web page in the place of a file', async () => {
    await publish('owner/model', 'student');
    hub.interfere = (_path, _start, _end, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end('<form>');
      return true;
    };
    expect(await failureOf(resolve('owner/model', { parts: ['config'] }))).toBe(
      `owner/model/config.json: expected the file from ${hub.url}, got a web page, perhaps one to log in to this ` +
        'network; check HF_ENDPOINT, and the proxy if there is one',
    );
  });

  it.each(['HF_HOME', 'HF_HUB_CACHE'])('a cache that cannot be written, with %s', async (variable) => {
    await publish('owner/model', 'student');
    const place = await fileOf(home, 'file', '');
    vi.stubEnv(variable, place);
    expect(await failureOf(resolve('owner/model', { parts: ['config'] }))).toMatch(
      new RegExp(
        `^${place}/.*: cannot be written: a part of the path is not a folder; name another folder in ${variable}$`,
      ),
    );
  });

  it('a cache of text models that cannot be written', async () => {
    await publish('openai/clip', 'teacher', 'variants/teacher-inside-full-clip');
    vi.stubEnv('XDG_CACHE_HOME', await fileOf(home, 'file', ''));
    expect(await failureOf(resolve('openai/clip', { parts: ['weights'] }))).toMatch(
      /: cannot be written: a part of the path is not a folder; name another folder in XDG_CACHE_HOME$/,
    );
  });

  it('no configuration, or no weights', async () => {
    await publish('a/b', 'student');
    for (const name of ['model.safetensors', 'flax_model.msgpack']) hub.models.get('a/b')!.delete(name);
    expect(await failureOf(resolve('a/b'))).toBe(
      'a/b: expected weights (model.safetensors, model.safetensors.index.json, pytorch_model.bin, ' +
        'pytorch_model.bin.index.json), found none of them; name another model or revision',
    );
    hub.models.get('a/b')!.set('onnx/model.onnx', Buffer.from('')).set('model.fp16.safetensors', Buffer.from(''));
    expect(await failureOf(resolve('a/b'))).toMatch(
      /, found only model\.fp16\.safetensors; name another model or revision, or download it; .*, rename model\.fp16/,
    );
    hub.models.get('a/b')!.delete('config.json');
    expect(await failureOf(resolve('a/b', { parts: ['config'] }))).toBe(
      'a/b: expected the file config.json, which the model does not have; name another model or revision',
    );
    hub.models.get('a/b')!.set('text_encoder/config.json', Buffer.from('{}'));
    expect(await failureOf(resolve('a/b', { parts: ['config'] }))).toBe(
      'a/b: expected the file config.json, which the model does not have; it has text_encoder/config.json: download ' +
        'that folder, and name it instead',
    );
  });

  it('shards that the model does not have', async () => {
    await publish('a/b', 'variants/student-sharded');
    hub.models.get('a/b')!.delete('model-00002-of-00002.safetensors');
    expect(await failureOf(resolve('a/b'))).toBe(
      'a/b: expected the file model-00002-of-00002.safetensors, which the model does not have; name another model or ' +
        'revision',
    );
  });
});
