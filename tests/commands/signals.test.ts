/** @file Ctrl-C: the first ends a run after its step and saves, the second ends it at once. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { KD, kd } from '../cli.js';
import { folderWithPairs, parseLines, readCsv, readJson, trainArguments } from './tiny.js';

interface Event {
  readonly event: string;
  readonly step?: number;
  readonly steps?: number;
  readonly stopped?: boolean;
}

/** A run that would take hours: what it told, and how it ended after `onEvent` had sent its signals. */
async function runUntilStopped(
  cwd: string,
  onEvent: (event: Event, send: (signal: NodeJS.Signals) => void) => void,
  ...flags: string[]
) {
  const args = trainArguments(['--json', '--batch-size', '2', '--epochs', '100000', '--log-every', '1', ...flags]);
  const child = spawn(process.execPath, [KD, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const events: Event[] = [];
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  createInterface(child.stdout).on('line', (line) => {
    const [event] = parseLines<Event>(line);
    events.push(event);
    onEvent(event, (signal) => child.kill(signal));
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, events, stderr };
}

const STOPPING = 'warning: stopping after this step; a second Ctrl-C stops at once, unsaved';

it.each(['SIGINT', 'SIGTERM'] as const)('after %s the step in hand is finished and saved', async (signal) => {
  const cwd = folderWithPairs(20);
  const { code, events, stderr } = await runUntilStopped(cwd, ({ event, step }, send) => {
    if (event === 'step' && step === 2) send(signal);
  });
  expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining(STOPPING) as string });
  const last = events.at(-1)!;
  expect(last).toMatchObject({ event: 'done', stopped: true });
  // Told of step 2, the process may be a few ahead; far from the end of its epoch of 8 steps it need not be.
  expect(last.steps).toBeLessThan(60);
  expect(events.at(-2)).toMatchObject({ event: 'checkpoint', step: last.steps });

  const run = join(cwd, 'checkpoints/tiny');
  const name = readFileSync(join(run, 'last'), 'utf8').trim();
  expect(name).toBe(`step-${String(last.steps).padStart(8, '0')}`);
  const { files } = readJson<{ files: Record<string, { sha256: string }> }>(join(run, name, 'manifest.json'));
  for (const [file, { sha256 }] of Object.entries(files)) {
    expect(
      createHash('sha256')
        .update(readFileSync(join(run, name, file)))
        .digest('hex'),
      file,
    ).toBe(sha256);
  }
  expect(readFileSync(join(run, 'loss.csv'), 'utf8').trimEnd().split('\n').at(-1)).toMatch(
    new RegExp(`^${last.steps},`),
  );
});

it('a validation is broken off, the step before it saved, and validated when the run goes on', async () => {
  const cwd = folderWithPairs(90);
  // 1 pair trains, 89 validate: when the second step is told, the long validation after it begins.
  const { code, events } = await runUntilStopped(
    cwd,
    ({ event, step }, send) => {
      if (event === 'step' && step === 2) send('SIGTERM');
    },
    '--valid-fraction',
    '0.98',
    '--batch-size',
    '1',
    '--engine',
    'eager',
  );
  expect(code).toBe(130);
  expect(events.slice(-2)).toMatchObject([
    { event: 'checkpoint', step: 2 },
    { event: 'done', stopped: true, steps: 2 },
  ]);
  const run = join(cwd, 'checkpoints/tiny');
  expect(readJson(join(run, 'step-00000002/trainer.json'))).toMatchObject({
    step: 2,
    epoch: 2,
    position: 1,
    validated: false,
  });
  expect(readCsv(join(run, 'validation.csv')).map(({ step }) => step)).toEqual([0, 1]);

  expect(kd(['train', '--resume', '--epochs', '2'], { cwd }).code).toBe(0);
  expect(readCsv(join(run, 'validation.csv')).map(({ step }) => step)).toEqual([0, 1, 2]);
  expect(readJson(join(run, 'step-00000002/trainer.json'))).toMatchObject({ step: 2, validated: true });
});

it('a second signal ends it at once', async () => {
  const cwd = folderWithPairs(20);
  let sent = false;
  const { code, events } = await runUntilStopped(cwd, ({ event }, send) => {
    if (event !== 'step' || sent) return;
    sent = true;
    // Both are waiting when the process next looks.
    send('SIGINT');
    send('SIGTERM');
  });
  expect([130, 143]).toContain(code);
  expect(events.some(({ event }) => event === 'done')).toBe(false);
  expect(existsSync(join(cwd, 'checkpoints/tiny/last'))).toBe(false);
  expect(readdirSync(join(cwd, 'checkpoints/tiny')).filter((name) => name.startsWith('step-'))).toEqual([]);
});
