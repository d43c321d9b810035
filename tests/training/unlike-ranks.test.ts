/** @file Ranks that were not started with the same: none begins, and all say the same. Here all are in one process. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openNetwork } from '../../src/cluster/open-network.js';
import { meetRanks, type Ranks } from '../../src/cluster/ranks.js';
import { messageOf } from '../../src/base/errors.js';
import type { TrainContext } from '../../src/training/context.js';
import { joinResumedRun, joinRun } from '../../src/training/joined-run.js';
import { DEFAULTS, type RequestedSettings } from '../../src/training/settings.js';
import { stopOf } from '../../src/training/stopping.js';
import { resumeRun, startRun } from '../../src/training/training.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { temporaryFolder } from '../cli.js';
import { folderWithPairs, STUDENT, TEACHER, trainArguments } from '../commands/tiny.js';
import { kdHere } from '../in-process.js';
import { loopbackAddresses } from '../loopback.js';
import { reporterTo } from '../reporter.js';

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('two ranks do not start', () => {
  let cwd: string;
  let common: RequestedSettings;
  beforeAll(() => {
    cwd = folderWithPairs(8);
    const data = [join(cwd, 'pairs.csv')];
    common = { ...DEFAULTS, data, teacher: TEACHER, student: STUDENT, batchSize: 4, run: 'unlike-ranks' };
  });

  /** What each of two ranks says in the end, and all that it said before. */
  async function bothEnd(works: readonly ((context: TrainContext & { readonly ranks: Ranks }) => Promise<unknown>)[]) {
    const addresses = await loopbackAddresses(2);
    const said: unknown[] = [];
    const ends = works.map(async (work, rank) => {
      const hosts = { addresses, rank };
      const network = openNetwork(hosts, { onRefused: () => undefined });
      const stop = stopOf(new AbortController().signal);
      const ranks = await meetRanks({ hosts, network, version: '1', command: 'kd train', timeout: 30 }, stop.signal);
      try {
        await work({ reporter: reporterTo(said), stop, ranks });
        return 'nothing';
      } catch (error) {
        await ranks.fail(messageOf(error));
        return messageOf(error);
      }
    });
    return { ends: await Promise.all(ends), said, second: `127.0.0.1:${addresses[1].port}` };
  }

  it.each([
    [{}, { precision: 'bf16' }, '--precision auto, as rank 0 has, got bf16; start every rank with the same'],
    [{}, { batchSize: 8 }, '--batch-size 4, as rank 0 has, got 8; start every rank with the same'],
    [{ engine: 'eager' }, {}, '--engine eager, as rank 0 has, got auto; start every rank with the same'],
  ] as const)('with %j on rank 0 and %j on rank 1', async (first, other, difference) => {
    const { ends, said, second } = await bothEnd([
      (context) => startRun({ ...common, ...first }, context),
      (context) => joinRun({ ...common, ...other }, context.ranks, context),
    ]);
    const message = `rank 1 (${second}): expected ${difference}`;
    expect(ends).toEqual([message, message]);
    expect(said).toEqual([]); // nothing was loaded
  });

  it('with --resume on one rank only', async () => {
    const flags = ['--engine', 'eager', '--batch-size', '4', '--epochs', '2', '--save-every', '1', '--keep', '9'];
    expect((await kdHere(trainArguments([...flags, '--data', common.data[0]]), { cwd })).code).toBe(0);
    const { ends, said, second } = await bothEnd([
      (context) => resumeRun(`${join(cwd, 'checkpoints/tiny')}:1`, {}, context),
      (context) => joinRun(common, context.ranks, context),
    ]);
    const message = `rank 1 (${second}): expected --resume, as on rank 0; start every rank with the same`;
    expect(ends).toEqual([message, message]);
    expect(said).toEqual([]);
    const other = await bothEnd([
      (context) => startRun(common, context),
      (context) => joinResumedRun({}, context.ranks, context),
    ]);
    const contrary = `rank 1 (${other.second}): expected no --resume, as on rank 0; start every rank with the same`;
    expect(other.ends).toEqual([contrary, contrary]);
    expect(other.said).toEqual([]);
    expect(existsSync('checkpoints/unlike-ranks')).toBe(false);
  });

  it('with another student on rank 1, which is found out before any data is read', async () => {
    const student = join(temporaryFolder(), 'student');
    cpSync(STUDENT, student, { recursive: true });
    const weights = join(student, 'model.safetensors');
    const bytes = readFileSync(weights);
    bytes[bytes.length - 4] ^= 1; // the last bit of a value
    writeFileSync(weights, bytes);
    const { ends, said, second } = await bothEnd([
      (context) => startRun(common, context),
      (context) => joinRun({ ...common, student }, context.ranks, context),
    ]);
    expect(ends[0]).toMatch(
      /^rank 1 \(\S+\): expected student \w{12}, as rank 0 has, got \w{12}; give all of them the same model files and tokenizers$/,
    );
    expect(ends).toEqual([ends[0], ends[0]]);
    expect(ends[0]).toContain(second);
    expect(said.join('\n')).not.toContain('data:');
  });

  it('with an engine that cannot be shared', async () => {
    const { ends } = await bothEnd([
      (context) => startRun({ ...common, engine: 'eager' }, context),
      (context) => joinRun({ ...common, engine: 'eager' }, context.ranks, context),
    ]);
    for (const end of ends)
      expect(end).toMatch(
        /^(rank \d \(\S+\) ended: )?several processes: expected the compiled engine, in which several can share a run, got eager; leave out --engine, or train in one process$/,
      );
  });
});
