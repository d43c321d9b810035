/** @file `kd doctor` of several devices and of several processes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { kd, kdMeanwhile, temporaryFolder, type CliResult } from '../cli.js';
import { loopbackHosts } from '../loopback.js';
import { parseLines, STUDENT, TEACHER } from './tiny.js';

/** Bytes of the tiny student's parameters. */
const BYTES = 4 * 77_808;

type Event = Readonly<Record<string, unknown>>;

/** The flags of the commands that the document shows. */
const SHOWN = [
  ...readFileSync(join(import.meta.dirname, '../../docs/scale.md'), 'utf8').matchAll(/^npx kd doctor (--.*?)\s+#/gm),
].map(([, flags]) => flags.split(' '));

/** A doctor for each rank, with its own flags beside `--hosts`. */
async function doctors(own: readonly (readonly string[])[], cwd = temporaryFolder()): Promise<CliResult[]> {
  const hosts = await loopbackHosts(own.length);
  return Promise.all(
    own.map((flags) => kdMeanwhile(['doctor', '--device', 'cpu', '--hosts', hosts, ...flags], { cwd })),
  );
}

const eventsAfter = (name: string, { stdout }: CliResult): Event[] => {
  const events = parseLines<Event>(stdout);
  return events.slice(events.findIndex((event) => event.name === name) + 1);
};

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('the doctor', () => {
  it('connects all ranks with their key, and measures latency and all-reduce', async () => {
    const [onCards, ...onHosts] = SHOWN;
    expect(onCards).toEqual(['--device', 'gpu:all']);
    expect(onHosts).toHaveLength(2);
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'cluster.key'), '0123456789abcdef'.repeat(4));
    const more = ['--student', STUDENT, '--json'];
    const ended = await doctors(
      onHosts.map(([, , ...flags], rank) => [...flags, ...more, ...(rank === 0 ? [] : ['--device', 'cpu:2'])]),
      cwd,
    );
    const [first, second] = ended.map((each) => {
      expect(each.code, each.stderr).toBe(0);
      expect(each.stderr).toContain('waiting for the others, with a key …');
      return eventsAfter('matmul', each);
    });
    expect(second).toEqual(first);
    expect(first).toEqual([
      {
        event: 'finding',
        name: 'ranks',
        ok: true,
        found: expect.stringMatching(/^2, all with kd \S+ and TensorFlow \d[\d.]+$/) as string,
      },
      {
        event: 'finding',
        name: 'reach',
        ok: true,
        found: expect.stringMatching(/^each reaches all others; [\d.]+ to [\d.]+ ms there and back$/) as string,
      },
      expect.objectContaining({
        event: 'all-reduce',
        student: STUDENT,
        ranks: 2,
        devices: 3,
        bytes: BYTES,
        messages: 1,
      }),
    ]);
    const [, , { seconds, bytes_per_second: rate }] = first as Record<string, number>[];
    expect(rate).toBeCloseTo((4 / 3) * (BYTES / seconds), 3);
  });

  it('names a rank that differs, on all ranks', async () => {
    const ended = await doctors([
      ['--rank', '0', '--student', STUDENT],
      ['--rank', '1', '--student', TEACHER],
    ]);
    for (const { code, stderr } of ended) {
      expect(code).toBe(1);
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
        /^error: rank 1 \(127\.0\.0\.1:\d+\): expected --student of 77,808 parameters, as rank 0 has, got 114,192 parameters; start every rank with the same$/,
      );
    }
  });

  it('waits for the others no longer than the timeout', async () => {
    const hosts = await loopbackHosts(2);
    const { code, stdout, stderr } = kd([
      'doctor',
      '--device',
      'cpu',
      '--hosts',
      hosts,
      '--rank',
      '0',
      '--cluster-timeout',
      '1',
    ]);
    expect(code).toBe(1);
    expect(stdout).toContain('✓ TensorFlow');
    expect(stderr).toContain(
      `error: rank 1 (${hosts.split(',')[1]}): expected to connect within 1 s; start every rank in that time\n`,
    );
  });

  it('measures the devices of a single process, too', () => {
    const { code, stdout, stderr } = kd(['doctor', '--device', 'cpu:2', '--student', STUDENT]);
    expect(code, stderr).toBe(0);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^✓ all-reduce {2}[\d.e-]+ s a step for \S+ \(311 kB\) on 2 devices, [\d.e-]+ GB\/s; of that, [\d.]+ ms are the latency of 1 message$/,
    );
  });
});

it('reports errors in the description of a cluster at once', () => {
  const { code, stdout, stderr } = kd(['doctor', '--hosts', 'a:2222,b:2222', '--rank', '0']);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain('error: a:2222: expected --cluster-key <file> (or KD_CLUSTER_KEY)');
});
