/**
 * Disturbs training at random moments, including saves, resumes it if it ended, and checks that each run ends with
 * exactly the weights, optimiser state and logs of an undisturbed run.
 *
 *   node scripts/kill-test.mjs --kills 200 --seconds 480 [--with SIGHUP] [--save-ms 60] --out /tmp/kills -- [flags]
 *
 * `--with`: `SIGKILL`; a signal after which it saves (`SIGHUP`, `SIGTERM`, `SIGINT`); or `pipes`, which closes both of
 * its pipes, after which it must continue. `--save-ms`: roughly how long the tiny model's checkpoint takes to write, in
 * milliseconds; more on a busy machine, or no run gets past its first.
 *
 * Ends with the first run that is complete after this many kills or seconds, and prints what was going on at each kill,
 * and what was equal. Appends this to `<out>/kills.jsonl`, one line per run, so that several calls add up. Exit code 1
 * if anything differed, or a process was ended by a signal from elsewhere.
 */
import { appendFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { choice, COUNT, NON_NEGATIVE, POSITIVE, TEXT } from '#dist/base/kinds.js';
import { readArguments } from './arguments.mjs';
import { flagsOf, inProject } from './kd.mjs';
import { phaseOf } from './kill-test/phase.mjs';
import { trainAndKill } from './kill-test/process.mjs';
import { contentsOf } from './kill-test/run-contents.mjs';

/** @import { Phase } from './kill-test/phase.mjs' */
/** @import { Means } from './kill-test/process.mjs' */

/**
 * What was observed in a run. `compared`: contents compared with the undisturbed run's; `crashes`: processes ended by a
 * signal that was not sent by this script.
 *
 * @typedef {Record<'kills' | Phase | 'compared' | 'unequal' | 'crashes', number>} Counts
 */

const { flags: options, others: flags } = readArguments(
  import.meta.filename,
  {
    out: { kind: TEXT, default: 'kill-test' },
    kills: { kind: COUNT, default: 10 },
    seconds: { kind: POSITIVE, default: 480 },
    'save-ms': { kind: NON_NEGATIVE, default: 60 },
    with: { kind: choice(['SIGKILL', 'SIGHUP', 'SIGTERM', 'SIGINT', 'pipes']), default: 'SIGKILL' },
  },
  'flags of kd train',
);
const out = resolve(options.out);
const deadline = Date.now() + 1000 * options.seconds;
mkdirSync(out, { recursive: true });

const COMMON = [
  ...flagsOf({
    data: inProject('data/sample'),
    teacher: inProject('data/tiny/teacher'),
    student: inProject('data/tiny/student'),
    samples: 240,
    'batch-size': 4,
    accumulate: 2,
    epochs: 4,
    'log-every': 1,
    'save-every': 3,
    keep: 2,
    'learning-rate': '1e-3',
  }),
  ...flags,
];
/** @type {Means} */
const means = { cwd: out, by: /** @type {Means['by']} */ (options.with), saveMs: options['save-ms'] };

/** Whether the disturbance makes a run save when an undisturbed one would not. */
const SAVES_WHEN_STOPPED = !['SIGKILL', 'pipes'].includes(options.with);

if (!existsSync(join(out, 'checkpoints/undisturbed/done'))) {
  rmSync(join(out, 'checkpoints/undisturbed'), { recursive: true, force: true });
  const { code, stderr } = await trainAndKill(['--run', 'undisturbed', ...COMMON], means);
  if (code !== 0) throw new Error(stderr);
  appendFileSync(join(out, 'checkpoints/undisturbed/done'), '');
}
const expected = contentsOf(join(out, 'checkpoints/undisturbed'));
/** @type {Counts} */
const NOTHING = { kills: 0, inStart: 0, inSave: 0, inValidation: 0, compared: 0, unequal: 0, crashes: 0 };
const total = { ...NOTHING, runs: 0 };
while (total.kills < options.kills && Date.now() < deadline) await runOnce(`killed-${process.pid}-${total.runs}`);
console.log(
  `${total.kills} kills in ${total.runs} runs: ${total.inStart} before the first step, ` +
    `${total.inSave} while a checkpoint was written, ${total.inValidation} in a validation; ` +
    `${total.compared - total.unequal} of ${total.compared} contents as the undisturbed run's; ` +
    `${total.crashes} processes ended by a signal that was not ours`,
);
if (total.unequal + total.crashes > 0) process.exitCode = 1;

/**
 * Runs from start to end, through as many kills as it takes. Keeps the folder if something differs.
 *
 * @param {string} name
 */
async function runOnce(name) {
  const run = join(out, 'checkpoints', name);
  const seen = { ...NOTHING };
  for (;;) {
    const isLast = total.kills + seen.kills >= options.kills || Date.now() > deadline;
    const started = existsSync(join(run, 'config.json'));
    const result = await trainAndKill(
      started ? ['--resume', name] : ['--run', name, ...COMMON],
      means,
      isLast ? undefined : { moment: Math.random(), run },
    );
    if (result.struck) countKill(seen, result.phase ?? phaseOf(run, result.plan));
    if (result.isEndedByUs) continue;
    if (result.signal !== null) {
      seen.crashes++;
      console.error(`${name}: ended by ${result.signal}, which nobody here sent\n${result.stderr}`);
    } else if (result.code !== 0)
      throw new Error(`${name}: exit code ${result.code} after ${seen.kills} kills\n${result.stderr}`);
    else break;
  }
  compare(name, seen);
  if (seen.unequal === 0) rmSync(run, { recursive: true });
  total.runs++;
  for (const key of /** @type {(keyof Counts)[]} */ (Object.keys(seen))) total[key] += seen[key];
  appendFileSync(join(out, 'kills.jsonl'), `${JSON.stringify(seen)}\n`);
}

/**
 * Counts a kill by the phase it came in.
 *
 * @param {Counts} seen
 * @param {readonly Phase[]} phases
 */
function countKill(seen, phases) {
  seen.kills++;
  for (const phase of phases) seen[phase]++;
}

/**
 * @param {string} name
 * @param {Counts} seen
 */
function compare(name, seen) {
  const actual = contentsOf(join(out, 'checkpoints', name));
  for (const what of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    if (SAVES_WHEN_STOPPED && isPassing(what) && !(what in expected && what in actual)) continue;
    seen.compared++;
    if (actual[what] === expected[what]) continue;
    seen.unequal++;
    console.error(
      `${name}: ${what} differs after ${seen.kills} kills:\n${actual[what]}\n--- expected\n${expected[what]}`,
    );
  }
}

/**
 * Whether contents belong to a checkpoint before the last. A run that is also stopped saves more often, so it keeps
 * different ones.
 *
 * @param {string} what
 */
function isPassing(what) {
  return what.startsWith('step-') && !what.startsWith(expected.last.trim());
}
