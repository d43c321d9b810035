/** @file `kd train --hosts --rank`: several processes share a run, which is that of one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { addressText } from '../../src/cluster/addresses.js';
import { openNetwork } from '../../src/cluster/open-network.js';
import { meetRanks } from '../../src/cluster/ranks.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { KD, temporaryFolder, type CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { holdToSchema } from '../json-events.js';
import { intercepted } from './intercept.js';
import { listenOnLoopback, loopbackAddresses, loopbackHosts } from '../loopback.js';
import { computed, folderWithPairs, PAIRS, parseLines, readJson, STUDENT, trainArguments } from './tiny.js';

/** A process that is not through by then hangs, and is killed. */
const LIMIT_MS = 90_000;

/** `<unk>` of the tiny student. */
const UNKNOWN_ID = 3;

const FLAGS = ['--no-shuffle', '--batch-size', '4', '--log-every', '1', '--keep', '9', '--device', 'cpu'];

interface Rank {
  readonly process: ChildProcess;
  readonly ended: Promise<CliResult>;
  /** Waits until its standard output and error have some text. */
  readonly says: (text: string) => Promise<void>;
}

const started = new Set<ChildProcess>();
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
});

function start(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Rank {
  const child = spawn(process.execPath, [KD, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  started.add(child);
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => {
    started.delete(child);
    if (signal === null) holdToSchema(args, said.stdout);
    return { code: code ?? signal, ...said };
  });
  return {
    process: child,
    ended,
    async says(text) {
      while (!(said.stdout + said.stderr).includes(text)) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`it ended without ${text}: ${said.stdout}${said.stderr}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

/** All ranks of a run, each with its own flags beside those of all. */
async function startAll(
  cwd: string,
  args: readonly string[],
  own: readonly (readonly string[])[],
  env: Readonly<Record<string, string>> = {},
): Promise<Rank[]> {
  const all = await loopbackHosts(own.length);
  return own.map((more, rank) => start([...args, '--hosts', all, '--rank', String(rank), ...more], cwd, env));
}

const endOf = (ranks: readonly Rank[]): Promise<CliResult[]> => Promise.all(ranks.map(({ ended }) => ended));

/** Makes the embedding of an unknown word so large that float32 overflows in the first LayerNorm. */
function overflowUnknown(path: string): void {
  const bytes = readFileSync(path);
  const headerBytes = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)) as Record<
    string,
    { shape: number[]; data_offsets: number[] }
  >;
  const { shape, data_offsets: offsets } = header['embeddings.word_embeddings.weight'];
  const row = 8 + headerBytes + offsets[0] + 4 * UNKNOWN_ID * shape[1];
  for (let i = 0; i < shape[1]; i += 2) bytes.writeFloatLE(3e38, row + 4 * i);
  writeFileSync(path, bytes);
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!;

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('a run of several processes', () => {
  const WHOLE = [...FLAGS, '--epochs', '2', '--save-every', '2', '--max-grad-norm', '0.1', '--accumulate', '2'];
  let cwd: string;
  beforeAll(async () => {
    cwd = folderWithPairs(22); // 18 for training: steps of two micro-batches, the third of an epoch has one, of 2 pairs
    expect((await kdHere(trainArguments([...WHOLE, '--run', 'alone']), { cwd })).code).toBe(0);
  });

  it('equals that of one, bit for bit; rank 0 writes it, and the others print one line', async () => {
    const hundred = [...FLAGS, '--accumulate', '2', '--max-grad-norm', '0.1', '--epochs', '60', '--max-steps', '101'];
    const args = trainArguments(hundred); // every hundred steps, outputs are measured on all ranks
    const [first, second] = await endOf(await startAll(cwd, [...args, '--run', 'two', '--json'], [[], []]));
    expect([first.code, second.code], first.stderr + second.stderr).toEqual([0, 0]);
    expect(parseLines(second.stdout)).toEqual([{ event: 'part', rank: 1, ranks: 2, steps: 101, stopped: false }]);
    expect((await kdHere([...args, '--run', 'one'], { cwd })).code).toBe(0);
    expect(computed(cwd, 'two', '00000101')).toEqual(computed(cwd, 'one', '00000101'));
  });

  it("resumes from rank 0's checkpoint after the loss of a process", async () => {
    const args = trainArguments([...WHOLE, '--epochs', '500', '--run', 'lost']);
    const [first, second] = await startAll(cwd, args, [[], []]);
    await first.says('epoch   1/500');
    second.process.kill('SIGKILL');
    const { code, stderr } = await first.ended;
    expect(code).toBe(1);
    expect(lastLine(stderr)).toMatch(
      /^error: rank 1 \(127\.0\.0\.1:\d+\): expected it to keep running, but its connection .*; start every rank again, with --resume once the run has begun; last good checkpoint: .*; resume with: kd train --resume lost$/,
    );
    const resume = ['train', '--resume', 'alone:2'];
    const expected = computed(cwd, 'alone', '00000006');
    const resumed = await endOf(await startAll(cwd, resume, [[], []]));
    expect(
      resumed.map((each) => each.code),
      resumed.map((each) => each.stderr).join(''),
    ).toEqual([0, 0]);
    expect(computed(cwd, 'alone', '00000006')).toEqual(expected);
  });

  it.each([0, 1])('ends on all ranks after the same step, saved, when rank %i is asked to stop', async (asked) => {
    const run = `stopped-${asked}`;
    const args = trainArguments([...WHOLE, '--epochs', '500', '--run', run]);
    const ranks = await startAll(cwd, args, [[], []]);
    await ranks[0].says('epoch   1/500');
    ranks[asked].process.kill('SIGTERM');
    const [first, second] = await endOf(ranks);
    expect([first.code, second.code]).toEqual([130, 130]);
    const [, step] = /stopped and saved after (\d+) steps/.exec(first.stdout)!;
    expect(second.stdout).toBe(`rank 1 of 2: stopped after step ${step}\n`);
    expect(readdirSync(join(cwd, 'checkpoints', run))).toContain(`step-${step.padStart(8, '0')}`);
  });

  it('has not ended well on any rank if rank 0 cannot save the last step', async () => {
    const args = trainArguments([...FLAGS, '--epochs', '2', '--run', 'unsaved']);
    const all = await loopbackHosts(2);
    const refusal = intercepted({ call: 'rename', path: '/step-00000006$', error: 'ENOSPC' });
    const own = (rank: number): string[] => [...args, '--hosts', all, '--rank', String(rank)];
    const [first, second] = await endOf([start(own(0), cwd, refusal), start(own(1), cwd)]);
    expect([first.code, second.code], first.stderr + second.stderr).toEqual([1, 1]);
    const why = /expected to save step 6 at the end, but could not \(.*no space left on the device\); last good/;
    expect(lastLine(first.stderr)).toMatch(why);
    expect(lastLine(second.stderr)).toMatch(/^error: rank 0 \(127\.0\.0\.1:\d+\) ended: /);
    expect(lastLine(second.stderr)).toMatch(why);
  });

  it('does not start if a process has other data', async () => {
    const args = trainArguments([...FLAGS, '--run', 'other']);
    const elsewhere = folderWithPairs(20);
    const all = await loopbackHosts(2);
    const data = await endOf(
      [cwd, elsewhere].map((at, rank) => start([...args, '--hosts', all, '--rank', String(rank)], at)),
    );
    expect(data.map(({ code }) => code)).toEqual([1, 1]);
    for (const { stderr } of data) expect(lastLine(stderr)).toMatch(/^error: rank 1 .*: expected data \w+, as rank 0/);
    expect(existsSync(join(cwd, 'checkpoints', 'other'))).toBe(false);
  });

  it('does not start if another process has another version of kd, and says so at once', async () => {
    const hosts = { addresses: await loopbackAddresses(2), rank: 1 };
    const all = hosts.addresses.map(addressText);
    const args = trainArguments([...FLAGS, '--run', 'versions', '--hosts', all.join(), '--rank', '0']);
    const first = start(args, cwd);
    const network = openNetwork(hosts, { onRefused: () => undefined });
    const other = { hosts, network, version: '99.0.0', command: 'kd train', timeout: 300 } as const;
    const { version } = readJson<{ version: string }>(join(import.meta.dirname, '../../package.json'));
    const message = `rank 1 (${all[1]}): expected kd ${version}, as rank 0 has, got 99.0.0; install the same version everywhere`;
    await expect(meetRanks(other, new AbortController().signal)).rejects.toThrow(message);
    const { code, stderr } = await first.ended;
    expect([code, lastLine(stderr)]).toEqual([1, `error: ${message}`]);
    expect(stderr).not.toContain('engine:'); // nothing was loaded
    expect(existsSync(join(cwd, 'checkpoints', 'versions'))).toBe(false);
  });

  it('ends at once when a rank is killed, suspended or stopped while models are opened', async () => {
    const ways = [
      ['SIGKILL', /expected it to keep running, but its connection .*; start every rank again, with --resume once the/],
      [
        'SIGSTOP',
        /expected it to keep running, but nothing was heard from it for [\d:]+; start .*; with a longer --cluster-timeout if it was only busy$/,
      ],
      ['SIGTERM', /ended: stopped before the run began; nothing is lost$/],
    ] as const;
    const asked = new Set<unknown>();
    const hub = createServer(({ socket }) => asked.add(socket)); // which never answers
    const address = await listenOnLoopback(hub);
    const cache = temporaryFolder();
    const env = {
      HF_ENDPOINT: `http://${address}`,
      HF_HUB_CACHE: join(cache, 'hub'),
      XDG_CACHE_HOME: cache,
      HF_HUB_OFFLINE: '',
    };
    const args = trainArguments([...FLAGS, '--teacher', 'far/away', '--run', 'early', '--cluster-timeout', '6']);
    const pairs = await Promise.all(ways.map(() => startAll(cwd, args, [[], []], env)));
    await vi.waitUntil(() => asked.size === 2 * ways.length, 60_000);
    const ends = ways.map(async ([signal, message], i) => {
      const [first, second] = pairs[i];
      const since = performance.now();
      second.process.kill(signal);
      const { code, stderr } = await first.ended;
      expect([code, lastLine(stderr)]).toEqual([1, expect.stringMatching(/^error: rank 1 \(/)]);
      expect(lastLine(stderr)).toMatch(message);
      expect(performance.now() - since).toBeLessThan(6_000); // the time limit
      if (signal === 'SIGTERM') expect((await second.ended).code).toBe(130);
    });
    await Promise.all(ends);
    expect(existsSync(join(cwd, 'checkpoints', 'early'))).toBe(false);
    hub.closeAllConnections();
    hub.close();
  });

  it('has stopped on every rank if all get the signal, whichever tells the others first', async () => {
    const hub = createServer(() => undefined); // which never answers
    const address = await listenOnLoopback(hub);
    const cache = temporaryFolder();
    const env = { HF_ENDPOINT: `http://${address}`, HF_HUB_CACHE: cache, XDG_CACHE_HOME: cache, HF_HUB_OFFLINE: '' };
    const args = trainArguments([...FLAGS, '--teacher', 'far/away', '--run', 'all-stopped']);
    let asked = 0;
    hub.on('request', () => asked++);
    const [first, second] = await startAll(cwd, args, [[], []], env);
    await vi.waitUntil(() => asked >= 2, 60_000);
    first.process.kill('SIGSTOP'); // so that it finds the message and the signal at the same time
    second.process.kill('SIGTERM');
    const ends = [(await second.ended).code];
    first.process.kill('SIGTERM');
    first.process.kill('SIGCONT');
    const { code, stderr } = await first.ended;
    expect([...ends, code], stderr).toEqual([130, 130]);
    expect(lastLine(stderr)).toBe('warning: stopped before the run began; nothing is lost');
    hub.closeAllConnections();
    hub.close();
  });

  it('skips a step on all ranks if its loss is not finite on one, with a key', async () => {
    const here = temporaryFolder();
    const student = join(here, 'student');
    cpSync(STUDENT, student, { recursive: true });
    overflowUnknown(join(student, 'model.safetensors'));
    const pairs = PAIRS.slice(0, 12).map((pair, i) => (i === 6 ? 'zebra,zebra' : pair.join()));
    writeFileSync(join(here, 'pairs.csv'), ['ko,en', ...pairs].join('\n')); // the zebra is in rank 1's second batch
    const more = ['--batch-size', '2', '--accumulate', '2', '--valid-fraction', '0', '--on-nan', 'skip'];
    const args = trainArguments([...FLAGS, ...more, '--student', student, '--epochs', '1']);
    const env = { KD_CLUSTER_KEY: '0123456789abcdef'.repeat(4) };
    const all = await loopbackHosts(2);
    const ended = await endOf(
      [0, 1].map((rank) => start([...args, '--run', 'two', '--hosts', all, '--rank', String(rank)], here, env)),
    );
    expect(
      ended.map(({ code }) => code),
      ended.map(({ stderr }) => stderr).join(''),
    ).toEqual([0, 0]);
    const alone = await kdHere([...args, '--run', 'alone'], { cwd: here });
    expect(alone.code, alone.stderr).toBe(0);
    const result = computed(here, 'alone', '00000003');
    expect(result.losses.map(({ step }) => step)).toEqual([1, 3]); // what is left out is not logged
    expect(computed(here, 'two', '00000003')).toEqual(result);
  });

  it('leaves nothing if its first step is not finite, and says what to check', async () => {
    const here = temporaryFolder();
    const student = join(here, 'student');
    cpSync(STUDENT, student, { recursive: true });
    overflowUnknown(join(student, 'model.safetensors'));
    const pairs = PAIRS.slice(0, 4).map(([ko, en]) => `${ko} zebra,${en} zebra`);
    writeFileSync(join(here, 'pairs.csv'), ['ko,en', ...pairs].join('\n'));
    const args = trainArguments([...FLAGS, '--valid-fraction', '0', '--student', student, '--run', 'broken']);
    const { code, stderr } = await kdHere(args, { cwd: here });
    expect([code, lastLine(stderr)]).toEqual([
      1,
      expect.stringMatching(/^error: step 1: .*; check both models, or skip such steps with --on-nan skip$/),
    ]);
    expect(existsSync(join(here, 'checkpoints/broken'))).toBe(false);
  });

  it('is described by TF_CONFIG, with several devices in a process', async () => {
    const worker = (await loopbackHosts(2)).split(',');
    const args = trainArguments([...WHOLE, '--accumulate', '4', '--run', 'four']);
    const ranks = worker.map((_, index) =>
      start([...args, '--device', index === 0 ? 'cpu:3' : 'cpu'], cwd, {
        TF_CONFIG: JSON.stringify({ cluster: { worker }, task: { type: 'worker', index } }),
      }),
    );
    const ended = await endOf(ranks);
    expect(
      ended.map(({ code }) => code),
      ended.map(({ stderr }) => stderr).join(''),
    ).toEqual([0, 0]);
    const alone = trainArguments([...WHOLE, '--accumulate', '4', '--run', 'one-of-four']);
    expect((await kdHere(alone, { cwd })).code).toBe(0);
    expect(computed(cwd, 'four', '00000004')).toEqual(computed(cwd, 'one-of-four', '00000004'));
  });
});

it('is started as documented, without a key and with one', async () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/scale.md'), 'utf8');
  const shown = [...text.matchAll(/^npx kd train (--hosts .*?)\s+#/gm)].map(([, flags]) => flags.split(' '));
  expect(shown.map((flags) => flags.includes('--cluster-key'))).toEqual([false, false, true, true]);
  if (!BACKENDS_UNDER_TEST.includes('tensorflow')) return;
  const cwd = folderWithPairs(4);
  writeFileSync(join(cwd, 'cluster.key'), `${'0123456789abcdef'.repeat(4)}\n`); // as openssl rand -hex 32 writes it
  for (const [run, pair] of [shown.slice(0, 2), shown.slice(2)].entries()) {
    const free = await loopbackHosts(2); // those of the document may be taken
    const common = ['--epochs', '1', '--batch-size', '1', '--device', 'cpu', '--run', `shown-${run}`];
    const ended = await endOf(
      pair.map(([flag, , ...rest]) => start([...trainArguments(common), flag, free, ...rest], cwd)),
    );
    expect(
      ended.map(({ code }) => code),
      ended.map(({ stderr }) => stderr).join(''),
    ).toEqual([0, 0]);
    for (const { stderr } of ended) expect(stderr.includes('waiting for the others, with a key …')).toBe(run === 1);
    const config = readFileSync(join(cwd, `checkpoints/shown-${run}/config.json`), 'utf8');
    expect(config).not.toMatch(/cluster|interface|"hosts"|"rank"/);
  }
});

it.each([
  [['--hosts', 'a:2222,b:2222', '--rank', '0'], 'a:2222: expected --cluster-key <file> (or KD_CLUSTER_KEY)'],
  [['--hosts', '127.0.0.1:2222,127.0.0.1:2223'], 'expected --rank, too, from 0 to 1'],
  [['--dry-run', '--hosts', 'a:2222,b:2222', '--rank', '0'], 'a:2222: expected --cluster-key <file>'],
  [
    ['--dry-run', '--batch-size', 'auto', '--hosts', '127.0.0.1:2222,127.0.0.1:2223', '--rank', '0'],
    '--batch-size auto: expected a number where several processes share a run; give one',
  ],
  [
    ['--dry-run', '--backend', 'cpu', '--hosts', '127.0.0.1:2222,127.0.0.1:2223', '--rank', '0'],
    'several processes: expected the compiled engine, in which several can share a run, got eager on tfjs in JavaScript',
  ],
])('refuses %j', async (flags, message) => {
  const { code, stderr } = await kdHere(trainArguments(flags), { cwd: folderWithPairs(4) });
  expect(code).toBe(1);
  expect(stderr).toContain(message);
});
