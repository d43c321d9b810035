/** @file Ctrl-C: the first ends a run after its step and saves, one that answers its warning ends it at once. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { KD } from '../cli.js';
import { kdHere } from '../in-process.js';
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
  { flags = [], onWarning }: { flags?: string[]; onWarning?: (send: (signal: NodeJS.Signals) => void) => void } = {},
) {
  const args = trainArguments(['--json', '--batch-size', '2', '--epochs', '100000', '--log-every', '1', ...flags]);
  const child = spawn(process.execPath, [KD, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const events: Event[] = [];
  /** When each step was told of, by its number. */
  const steppedAt: number[] = [];
  let stderr = '';
  let warnedAt = Infinity;
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    if (warnedAt < Infinity || !stderr.includes(STOPPING)) return;
    warnedAt = performance.now();
    onWarning?.((signal) => child.kill(signal));
  });
  createInterface(child.stdout).on('line', (line) => {
    const [event] = parseLines<Event>(line);
    events.push(event);
    if (event.event === 'step') steppedAt[event.step!] = performance.now();
    onEvent(event, (signal) => child.kill(signal));
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, events, stderr, warnedAt, steppedAt };
}

const STOPPING = 'warning: stopping after this step; ';
const AFTER_CTRL_C = `${STOPPING}a second Ctrl-C stops at once, unsaved`;
const AFTER_OTHERS = `${STOPPING}pressing Ctrl-C twice stops at once, unsaved`;

/** Op by op: how a step is computed does not matter to what a signal does between two. */
const EAGER = ['--engine', 'eager'];

/** Expects a whole checkpoint of a run's last step, to which `last` points, and logs up to it. */
function expectSaved(run: string, step: number): void {
  const name = readFileSync(join(run, 'last'), 'utf8').trim();
  expect(name).toBe(`step-${String(step).padStart(8, '0')}`);
  const { files } = readJson<{ files: Record<string, { sha256: string }> }>(join(run, name, 'manifest.json'));
  for (const [file, { sha256 }] of Object.entries(files)) {
    expect(
      createHash('sha256')
        .update(readFileSync(join(run, name, file)))
        .digest('hex'),
      file,
    ).toBe(sha256);
  }
  expect(readCsv(join(run, 'loss.csv')).at(-1)).toMatchObject({ step });
  expect(existsSync(join(run, 'report.html'))).toBe(true);
}

it('after Ctrl-C the step in hand is finished and saved', async () => {
  const cwd = folderWithPairs(20);
  const { code, events, stderr } = await runUntilStopped(
    cwd,
    ({ event, step }, send) => {
      if (event === 'step' && step === 2) send('SIGINT');
    },
    { flags: EAGER },
  );
  expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining(AFTER_CTRL_C) as string });
  const last = events.at(-1)!;
  expect(last).toMatchObject({
    event: 'done',
    stopped: true,
    resume: 'kd train --resume tiny',
    report: 'checkpoints/tiny/report.html',
  });
  // Told of step 2, the process may be a few ahead; far from the end of its epoch of 8 steps it need not be.
  expect(last.steps).toBeLessThan(60);
  expect(events.at(-2)).toMatchObject({ event: 'checkpoint', step: last.steps });
  expectSaved(join(cwd, 'checkpoints/tiny'), last.steps!);
});

/** A folder with pairs enough for three steps that take long. */
function folderForLongSteps(): string {
  const cwd = folderWithPairs(0);
  const rows = Array.from({ length: 1600 }, (_, i) => `문장 ${i} 입니다,this is sentence ${i}`);
  writeFileSync(join(cwd, 'pairs.csv'), ['ko,en', ...rows].join('\n'));
  return cwd;
}

/** Steps of a second and more: all places of 512 pairs are computed, each with masks of its own. */
const LONG_STEPS = [
  ...['--batch-size', '512', '--valid-fraction', '0.01'],
  ...['--dropout', 'configured', '--padding', 'each'],
];

it('the warning does not wait for a long step, which ends and is saved', async () => {
  let sentAt = 0;
  const { code, events, warnedAt, steppedAt } = await runUntilStopped(
    folderForLongSteps(),
    ({ event, step }, send) => {
      if (event !== 'step' || step !== 1) return;
      setTimeout(() => {
        sentAt = performance.now();
        send('SIGINT');
      }, 100); // in the middle of the second
    },
    { flags: LONG_STEPS },
  );
  expect(warnedAt - sentAt).toBeLessThan((steppedAt[2] - sentAt) / 2);
  expect(code).toBe(130);
  expect(events.slice(-2)).toMatchObject([
    { event: 'checkpoint', step: 2 },
    { event: 'done', stopped: true, steps: 2 },
  ]);
});

it('a second Ctrl-C ends a long step at once, unsaved', async () => {
  let sentAt = 0;
  const { code, events, steppedAt } = await runUntilStopped(
    folderForLongSteps(),
    ({ event, step }, send) => {
      if (event === 'step' && step === 2) send('SIGINT');
    },
    {
      flags: LONG_STEPS,
      onWarning: (send) => {
        setTimeout(() => {
          sentAt = performance.now();
          send('SIGINT');
        }, 300); // as soon as somebody can answer, well within the third step
      },
    },
  );
  // The third step would have taken as long as the second.
  expect(performance.now() - sentAt).toBeLessThan((steppedAt[2] - steppedAt[1]) / 2);
  expect(code).toBe(130);
  expect(events.at(-1)).toMatchObject({ event: 'step', step: 2 });
});

it('after SIGUSR1 a validation is cut short, the step before it saved, and it is done on resuming', async () => {
  const cwd = folderWithPairs(90);
  // 1 pair trains, 89 validate: when the second step is told, the long validation after it begins.
  const { code, events, stderr } = await runUntilStopped(
    cwd,
    ({ event, step }, send) => {
      if (event === 'step' && step === 2) send('SIGUSR1'); // a scheduler's warning, for which Node has a use of its own
    },
    { flags: ['--valid-fraction', '0.98', '--batch-size', '1', ...EAGER] },
  );
  expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining(AFTER_OTHERS) as string });
  expect(events.slice(-2)).toMatchObject([
    { event: 'checkpoint', step: 2 },
    { event: 'done', stopped: true, steps: 2 },
  ]);
  const run = join(cwd, 'checkpoints/tiny');
  expectSaved(run, 2);
  expect(readJson(join(run, 'step-00000002/trainer.json'))).toMatchObject({
    step: 2,
    epoch: 2,
    position: 1,
    validated: false,
  });
  expect(readCsv(join(run, 'validation.csv')).map(({ step }) => step)).toEqual([0, 1]);

  expect((await kdHere(['train', '--resume', '--epochs', '2'], { cwd })).code).toBe(0);
  expect(readCsv(join(run, 'validation.csv')).map(({ step }) => step)).toEqual([0, 1, 2]);
  expect(readJson(join(run, 'step-00000002/trainer.json'))).toMatchObject({ step: 2, validated: true });
});

it('signals sent before the warning could be read count as one', async () => {
  const cwd = folderWithPairs(20);
  let sent = false;
  const { code, events } = await runUntilStopped(
    cwd,
    ({ event }, send) => {
      if (event !== 'step' || sent) return;
      sent = true;
      // all are waiting when the process next looks
      for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGXCPU'] as const) send(signal);
    },
    { flags: EAGER },
  );
  expect(code).toBe(130);
  expect(events.slice(-2)).toMatchObject([{ event: 'checkpoint' }, { event: 'done', stopped: true }]);
});

it('only a signal that can be a response to the warning ends the process at once', async () => {
  // Busy for a while when the warning was shown, as in a step: what is sent meanwhile arrives when it is over.
  const module = new URL('../../dist/base/stop-signals.js', import.meta.url).href;
  const script = `
    import { onStopSignals } from ${JSON.stringify(module)};
    onStopSignals({ onRequest: () => { process.stdout.write('shown\\n'); } });
    process.stdout.write('ready\\n');
    process.on('SIGINT', () => {
      for (const end = performance.now() + 600; performance.now() < end;);
      setTimeout(() => { process.stdout.write('free\\n'); }, 300);
    });
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  createInterface(child.stdout).on('line', (line) => {
    said.push(line);
    child.kill('SIGINT');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  // The second comes while the first keeps it busy, and counts for nothing; the third ends it.
  expect({ code, said }).toEqual({ code: 130, said: ['ready', 'shown', 'free'] });
});

it('a signal before the run has begun ends it without leaving anything', async () => {
  const cwd = folderWithPairs(20);
  const { code, events, stderr } = await runUntilStopped(cwd, ({ event }, send) => {
    if (event === 'data') send('SIGTERM');
  });
  expect(code).toBe(130);
  expect(events.some(({ event }) => event === 'step')).toBe(false);
  // On a quick machine, the run had begun.
  if (stderr.includes('stopped before the run began')) expect(existsSync(join(cwd, 'checkpoints/tiny'))).toBe(false);
  else expect(stderr).toContain(AFTER_OTHERS);
});

it('after SIGHUP the run is saved, too, and the last line has the resume command in shell syntax', async () => {
  const cwd = folderWithPairs(20);
  const flags = ['--batch-size', '2', '--epochs', '100000', '--log-every', '1', '--save-every', '1', '--run', 'my run'];
  const child = spawn(process.execPath, [KD, ...trainArguments([...flags, ...EAGER])], {
    cwd,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const looking = setInterval(() => {
    if (!existsSync(join(cwd, 'checkpoints/my run/last'))) return;
    clearInterval(looking);
    child.kill('SIGHUP');
  }, 20);
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(130);
  expect(stdout).toMatch(/\nreport: checkpoints\/my run\/report\.html\nresume with: kd train --resume 'my run'\n$/);
  const [, step] = /stopped and saved after (\d+) steps? in/.exec(stdout)!;
  expectSaved(join(cwd, 'checkpoints/my run'), Number(step));
});
