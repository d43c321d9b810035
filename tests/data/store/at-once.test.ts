/** @file Processes that make the same store, or the same cache of a teacher, at the same time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openTeacherCache } from '../../../src/training/teacher-cache/cache.js';
import { makerTag } from '../../../src/base/stale-files.js';
import { thisProcess } from '../../../src/base/processes.js';
import { openStore } from '../../../src/data/store/token-store.js';
import { beginStore } from '../../../src/data/store/store-folder.js';
import { hasNamespaces, IN_NEW_NAMESPACE, temporaryFolder } from '../../cli.js';

const ROUNDS = 30;

const builtModule = (path: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../../../dist/${path}`, import.meta.url)));

/** Runs a module in a child process, and returns its output. */
async function runModule(script: string, within: readonly string[]): Promise<string> {
  const [command, ...args] = [...within, process.execPath, '--input-type=module', '-e', script];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  await once(child, 'close');
  return said;
}

const storeMaker = (folder: string): string => `
  import { prepareStore } from ${builtModule('data/prepare/prepare.js')};
  import { findSources } from ${builtModule('data/sources.js')};
  import { PREPARE_DEFAULTS } from ${builtModule('data/prepare/settings.js')};
  const encodeInto = (text, ids, at) => { ids.fill(1, at, at + 4); return 4; };
  const tokenizer = { maxLength: 4, padId: 0, vocabSize: 9, encodeInto };
  const paths = [${JSON.stringify(join(folder, 'pairs.csv'))}];
  for (let round = 0; round < ${ROUNDS}; round++) {
    const out = ${JSON.stringify(join(folder, 'store-'))} + round;
    const sources = await findSources(paths, {});
    const tokenizers = { teacher: tokenizer, student: tokenizer };
    await prepareStore({ paths, sources, out, settings: PREPARE_DEFAULTS, tokenizers, threads: 0 });
  }
  console.log('made');`;

it.each<[string, readonly string[]]>([
  ['five processes', []],
  ['five containers', IN_NEW_NAMESPACE],
])(
  '%s that prepare the same store at once, thirty times, all succeed',
  async (_, within) => {
    if (within.length > 0 && !hasNamespaces()) return;
    const folder = temporaryFolder();
    const lines = Array.from({ length: 40 }, (_line, i) => `문장 ${i},sentence ${i}`);
    writeFileSync(join(folder, 'pairs.csv'), ['ko,en', ...lines].join('\n'));
    const said = await Promise.all(Array.from({ length: 5 }, () => runModule(storeMaker(folder), within)));
    expect(said).toEqual(Array.from({ length: 5 }, () => 'made\n'));
    for (let round = 0; round < ROUNDS; round++) {
      const out = join(folder, `store-${round}`);
      expect(readdirSync(out).filter((name) => /^\.|lock|tmp/.test(name))).toEqual([]);
      const store = await openStore(out);
      expect(store.training.count + store.validation.count).toBe(40);
      await store.close();
    }
  },
  300_000,
);

it('a store being made is kept while its maker runs, or may run elsewhere, and removed after its death', async () => {
  const folder = temporaryFolder();
  const first = await beginStore(folder);
  const elsewhere = join(folder, `.partial-${makerTag({ ...thisProcess(), namespace: 'a container' })}`);
  const dead = join(folder, `.partial-${makerTag({ ...thisProcess(), started: '1' })}`);
  for (const name of [elsewhere, dead]) mkdirSync(name);
  const second = await beginStore(folder);
  expect(
    readdirSync(folder)
      .map((name) => join(folder, name))
      .sort(),
  ).toEqual([first.partial, second.partial, elsewhere].sort());
  await first.discard();
  await second.discard();
});

it('a file of the teacher’s outputs is kept while another process writes it', async () => {
  const root = temporaryFolder();
  const key = { teacher: 't', tokenizer: 'k', data: 'd', loss: 'hidden', precision: 'fp32' };
  const ids = new Int32Array(1);
  const batch = {
    size: 1,
    teacherIds: ids,
    studentIdsEn: ids,
    studentIdsKo: ids,
    studentTokens: 1,
    rows: Uint32Array.of(0),
  };
  const side = { count: 1, pairs: 1, at: () => Promise.resolve(batch) };
  const open = (): ReturnType<typeof openTeacherCache> =>
    openTeacherCache(root, key, { training: side, validation: side }, [2]);
  const first = await open();
  let taught = 0;
  const teach = async (): Promise<Float32Array> => {
    taught++;
    const other = await open(); // starts while the first writes
    if (taught === 1)
      await other.fill(
        () => Promise.resolve(Float32Array.of(1, 2)),
        () => undefined,
      );
    return Float32Array.of(1, 2);
  };
  await first.fill(teach, () => undefined);
  expect(taught).toBe(1); // the other file was there by then
  const whole = await open();
  expect(whole.missingBytes).toBe(0);
  expect([...(await whole.withTargets('validation', side).at(0)).target!]).toEqual([1, 2]);
  await whole.close();
  expect(readdirSync(whole.folder).map((name) => readFileSync(join(whole.folder, name)).length > 0)).toEqual([
    true,
    true,
  ]);
});
