/**
 * Disturbs training at random moments, saves among them, resumes it where that ended it, and checks that each run ends
 * with exactly the weights, the optimiser's state and the logs of one that nobody disturbed.
 *
 *   node scripts/kill-test.mjs --kills 200 --seconds 480 [--with SIGHUP] [--save-ms 60] --out /tmp/kills -- [flags]
 *
 * `--with`: `SIGKILL`; a signal after which it saves (`SIGHUP`, `SIGTERM`, `SIGINT`); or `pipes`, for which both of its
 * pipes are closed and it has to go on.
 *
 * Ends at the first run that is complete after so many kills or seconds, and prints what was going on when it killed,
 * and what was equal. Appends that to `<out>/kills.jsonl`, a line a run, so that several calls add up. Exit code 1
 * where anything differed, or a process ended by a signal that was not this script's.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { FSWatcher } from 'node:fs' */
/** @typedef {'inStart' | 'inSave' | 'inValidation'} Phase what was going on */

/**
 * What was seen of a run. `compared`: contents held against the undisturbed run's; `crashes`: processes that a signal
 * ended which was not ours.
 *
 * @typedef {Record<'kills' | Phase | 'compared' | 'unequal' | 'crashes', number>} Counts
 */

/** @typedef {{ steps_per_epoch: number }} Plan what a run says that it will do */
/** @typedef {Record<string, string> & { best: string, last: string }} Contents what must be alike, by name */

/**
 * How a process of `kd train` ended.
 *
 * @typedef {object} Ending
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {boolean} struck whether it was there to be killed
 * @property {boolean} isEndedByUs
 * @property {Phase[] | undefined} phase what was going on when it was killed, where that is not to be seen any more
 * @property {Plan | undefined} plan
 * @property {string} stderr
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values: options, positionals: flags } = parseArgs({
  options: {
    out: { type: 'string', default: 'kill-test' },
    kills: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '480' },
    'save-ms': { type: 'string', default: '60' },
    with: { type: 'string', default: 'SIGKILL' },
  },
  allowPositionals: true,
});
const signalSent = /** @type {NodeJS.Signals} */ (options.with); // or pipes
const out = resolve(options.out);
const deadline = Date.now() + 1000 * Number(options.seconds);
mkdirSync(out, { recursive: true });

const COMMON = [
  '--data',
  join(ROOT, 'data/sample'),
  '--teacher',
  join(ROOT, 'data/tiny/teacher'),
  '--student',
  join(ROOT, 'data/tiny/student'),
  '--samples',
  '240',
  '--batch-size',
  '4',
  '--accumulate',
  '2',
  '--epochs',
  '4',
  '--log-every',
  '1',
  '--save-every',
  '3',
  '--keep',
  '2',
  '--learning-rate',
  '1e-3',
  ...flags,
];
/**
 * About how long the tiny model's checkpoint takes to write, in milliseconds; more on a busy machine, or no run gets
 * past its first.
 */
const SAVE_MS = Number(options['save-ms']);

/** Whether what disturbs a run makes it save where an undisturbed one does not. */
const SAVES_WHEN_STOPPED = !['SIGKILL', 'pipes'].includes(options.with);

/** Columns that no two runs have alike. */
const TIMES = new Set(['pairs_per_second']);

if (!existsSync(join(out, 'checkpoints/undisturbed/done'))) {
  rmSync(join(out, 'checkpoints/undisturbed'), { recursive: true, force: true });
  const { code, stderr } = await kd(['--run', 'undisturbed', ...COMMON]);
  if (code !== 0) throw new Error(stderr);
  appendFileSync(join(out, 'checkpoints/undisturbed/done'), '');
}
const expected = contentsOf(join(out, 'checkpoints/undisturbed'));
/** @type {Counts} */
const NOTHING = { kills: 0, inStart: 0, inSave: 0, inValidation: 0, compared: 0, unequal: 0, crashes: 0 };
const total = { ...NOTHING, runs: 0 };
while (total.kills < Number(options.kills) && Date.now() < deadline)
  await runOnce(`killed-${process.pid}-${total.runs}`);
console.log(
  `${total.kills} kills in ${total.runs} runs: ${total.inStart} before the first step, ` +
    `${total.inSave} while a checkpoint was written, ${total.inValidation} in a validation; ` +
    `${total.compared - total.unequal} of ${total.compared} contents as the undisturbed run's; ` +
    `${total.crashes} processes ended by a signal that was not ours`,
);
if (total.unequal + total.crashes > 0) process.exitCode = 1;

/**
 * One run from its start to its end, through as many kills as it takes. Keeps its folder where something differs.
 *
 * @param {string} name
 */
async function runOnce(name) {
  const run = join(out, 'checkpoints', name);
  const seen = { ...NOTHING };
  for (;;) {
    const isLast = total.kills + seen.kills >= Number(options.kills) || Date.now() > deadline;
    const started = existsSync(join(run, 'config.json'));
    const result = await kd(
      started ? ['--resume', name] : ['--run', name, ...COMMON],
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
 * Counts a kill by what was going on.
 *
 * @param {Counts} seen
 * @param {readonly Phase[]} phases
 */
function countKill(seen, phases) {
  seen.kills++;
  for (const phase of phases) seen[phase]++;
}

/**
 * What is going on, as the run's folder shows.
 *
 * @param {string} run
 * @param {Plan | undefined} plan
 * @returns {Phase[]}
 */
function phaseOf(run, plan) {
  if (plan === undefined || !existsSync(run)) return ['inStart'];
  const [step, validated] = [lastStep(join(run, 'loss.csv')), lastStep(join(run, 'validation.csv'))];
  const isSaving = readdirSync(run).some((file) => file.startsWith('.tmp-') || file.startsWith('.replaced-'));
  const isValidating = (step % plan.steps_per_epoch === 0 && validated < step) || validated === -1;
  /** @type {Phase[]} */
  const phases = [];
  if (isSaving) phases.push('inSave');
  if (isValidating) phases.push('inValidation');
  return phases;
}

/**
 * The step of a log's last line; 0 of the losses' and -1 of the validations' without a line.
 *
 * @param {string} path
 */
function lastStep(path) {
  const before = path.endsWith('validation.csv') ? -1 : 0;
  if (!existsSync(path)) return before;
  const step = Number(readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)?.split(',')[0]);
  return Number.isNaN(step) ? before : step;
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
 * Whether contents are of a checkpoint before the last: where a run also saves when it is stopped, others of those are
 * kept.
 *
 * @param {string} what
 */
function isPassing(what) {
  return what.startsWith('step-') && !what.startsWith(expected.last.trim());
}

/**
 * Runs `kd train`.
 *
 * @param {readonly string[]} args
 * @param {{ moment: number, run: string }} [kill] when to kill it, `moment` from 0 to 1: below 0.1 while it starts,
 *   below 0.6 in the first seconds of training, else from the first file of a checkpoint on, in about the time that one
 *   takes; absent: never
 * @returns {Promise<Ending>}
 */
function kd(args, kill) {
  const { moment, run } = kill ?? { moment: NaN, run: '' };
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin/kd.js'), 'train', '--json', ...args], {
      cwd: out,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stderr, stdout, struck] = ['', '', false];
    /** @type {Plan | undefined} */
    let plan;
    /** @type {FSWatcher | undefined} */
    let watcher;
    /** @type {Phase[] | undefined} */
    let phase;
    /** @param {number} milliseconds */
    const killIn = (milliseconds) => {
      setTimeout(() => {
        if (options.with !== 'SIGKILL') phase = phaseOf(run, plan); // soon it is another
        struck = options.with === 'pipes' ? closePipes(child) : child.kill(signalSent);
      }, milliseconds).unref();
    };
    if (moment < 0.1) killIn(moment * 20_000);
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.on('data', (chunk) => {
      if (plan !== undefined) return;
      stdout += chunk;
      const line = /^.*"event":"plan".*$/m.exec(stdout);
      if (line === null || !stdout.slice(line.index).includes('\n')) return;
      plan = JSON.parse(line[0]);
      if (moment >= 0.6)
        watcher = onSave(run, () => {
          killIn((SAVE_MS * (moment - 0.6)) / 0.4);
        });
      else if (moment >= 0.1) killIn(3000 * (2 * (moment - 0.1)) ** 2);
    });
    child.on('close', (code, signal) => {
      watcher?.close();
      const isEndedByUs = struck && (signal === options.with || (code === 130 && options.with !== 'SIGKILL'));
      done({
        code,
        signal,
        struck: struck && (isEndedByUs || options.with === 'pipes'),
        isEndedByUs,
        phase,
        plan,
        stderr,
      });
    });
  });
}

/**
 * Closes what a child writes to. Gives whether it was there to notice.
 *
 * @param {ChildProcess} child
 */
function closePipes(child) {
  child.stdout?.destroy();
  child.stderr?.destroy();
  return child.exitCode === null && child.signalCode === null;
}

/**
 * Calls back at the first checkpoint that a run begins to write.
 *
 * @param {string} run
 * @param {() => void} begun
 */
function onSave(run, begun) {
  let isBegun = false;
  return watch(run, (_, file) => {
    if (isBegun || !file?.startsWith('.tmp-step-')) return;
    isBegun = true;
    begun();
  });
}

/**
 * All that must be the same of two runs, by name.
 *
 * @param {string} run
 */
function contentsOf(run) {
  /** @param {string} name */
  const read = (name) => readFileSync(join(run, name), 'utf8');
  /** @type {Contents} */
  const contents = { best: read('best'), last: read('last') };
  for (const name of readdirSync(run).filter((file) => file.startsWith('step-'))) {
    const { files } = JSON.parse(read(join(name, 'manifest.json'))); // checksums of all files
    delete files['trainer.json']; // it names the run
    contents[name] = JSON.stringify(files);
    contents[`${name}/trainer.json`] = read(join(name, 'trainer.json')).replace(/^ *"run": .*$/m, '');
  }
  for (const name of ['loss.csv', 'validation.csv', 'outputs.csv']) {
    const rows = read(name)
      .split('\n')
      .map((line) => line.split(','));
    const [header = []] = rows;
    contents[name] = rows.map((row) => row.filter((_, i) => !TIMES.has(header[i] ?? '')).join()).join('\n');
  }
  contents['loss.jsonl'] = read('loss.jsonl').replace(/,"pairs_per_second":[^}]*/g, '');
  contents.events = eventsOf(run).join('\n');
  return contents;
}

/**
 * Step, tag and value of every scalar in the run's event files.
 *
 * @param {string} run
 */
function eventsOf(run) {
  /** @type {string[]} */
  const scalars = [];
  for (const name of readdirSync(run)
    .filter((file) => file.startsWith('events.'))
    .sort()) {
    const file = readFileSync(join(run, name));
    for (let at = 0; at < file.length;) {
      const length = Number(file.readBigUInt64LE(at));
      if (at + 16 + length > file.length) throw new Error(`${name}: a torn event`);
      const message = file.subarray(at + 12, at + 12 + length);
      for (const { index, 0: tag } of message.toString('latin1').matchAll(/(train|validation|outputs)\/[a-z_]+/g)) {
        const step = message.subarray(9, message.indexOf(0x2a, 9)).toString('hex');
        if (!TIMES.has(tag.split('/')[1] ?? ''))
          scalars.push(`${step} ${tag} ${message.readFloatLE(index + tag.length + 1)}`);
      }
      at += 16 + length;
    }
  }
  return scalars.sort();
}
