/**
 * Disturbs training at random moments, saves among them, resumes it where that ended it, and checks that each run ends with
 * exactly the weights, the optimiser's state and the logs of one that nobody disturbed.
 *
 *   node scripts/kill-test.mjs --kills 200 --seconds 480 [--with SIGHUP] [--save-ms 60] --out /tmp/kills -- [flags of kd train …]
 *
 * `--with`: `SIGKILL`; a signal after which it saves (`SIGHUP`, `SIGTERM`, `SIGINT`); or `pipes`, for which both of its pipes are
 * closed and it has to go on.
 *
 * Ends at the first run that is complete after so many kills or seconds, and prints what was going on when it killed, and
 * what was equal. Appends that to `<out>/kills.jsonl`, a line a run, so that several calls add up. Exit code 1 where anything
 * differed, or a process ended by a signal that was not this script's.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

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
/** About how long the tiny model's checkpoint takes to write, in milliseconds; more on a busy machine, or no run gets past its first. */
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
/** `compared`: contents held against the undisturbed run's; `crashes`: processes that a signal ended which was not ours. */
const NOTHING = { kills: 0, inStart: 0, inSave: 0, inValidation: 0, compared: 0, unequal: 0, crashes: 0 };
const total = { ...NOTHING, runs: 0 };
while (total.kills < Number(options.kills) && Date.now() < deadline)
  await runOnce(`killed-${process.pid}-${total.runs}`);
console.log(
  `${total.kills} kills in ${total.runs} runs: ${total.inStart} before the first step, ${total.inSave} while a checkpoint was written, ` +
    `${total.inValidation} in a validation; ${total.compared - total.unequal} of ${total.compared} contents as the undisturbed run's; ${total.crashes} processes ended by a signal that was not ours`,
);
if (total.unequal + total.crashes > 0) process.exitCode = 1;

/** One run from its start to its end, through as many kills as it takes. Keeps its folder where something differs. */
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
  for (const [key, count] of Object.entries(seen)) total[key] += count;
  appendFileSync(join(out, 'kills.jsonl'), `${JSON.stringify(seen)}\n`);
}

/** Counts a kill by what was going on. */
function countKill(seen, phases) {
  seen.kills++;
  for (const phase of phases) seen[phase]++;
}

/** What is going on, as the run's folder shows. */
function phaseOf(run, plan) {
  if (plan === undefined || !existsSync(run)) return ['inStart'];
  const [step, validated] = ['loss.csv', 'validation.csv'].map((log) => lastStep(join(run, log)));
  const isSaving = readdirSync(run).some((file) => file.startsWith('.tmp-') || file.startsWith('.replaced-'));
  const isValidating = (step % plan.steps_per_epoch === 0 && validated < step) || validated === -1;
  return [...(isSaving ? ['inSave'] : []), ...(isValidating ? ['inValidation'] : [])];
}

/** The step of a log's last line; 0 of the losses' and -1 of the validations' without a line. */
function lastStep(path) {
  const before = path.endsWith('validation.csv') ? -1 : 0;
  if (!existsSync(path)) return before;
  const step = Number(readFileSync(path, 'utf8').trimEnd().split('\n').at(-1).split(',')[0]);
  return Number.isNaN(step) ? before : step;
}

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

/** Whether contents are of a checkpoint before the last: where a run also saves when it is stopped, others of those are kept. */
function isPassing(what) {
  return what.startsWith('step-') && !what.startsWith(expected.last.trim());
}

/**
 * Runs `kd train`.
 *
 * @param kill when to kill it, `moment` from 0 to 1: below 0.1 while it starts, below 0.6 in the first seconds of training, else
 *   from the first file of a checkpoint on, in about the time that one takes; absent: never
 */
function kd(args, kill) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin/kd.js'), 'train', '--json', ...args], {
      cwd: out,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stderr, stdout, plan, struck, watcher, phase] = ['', '', undefined, false, undefined, undefined];
    const killIn = (milliseconds) => {
      setTimeout(() => {
        if (options.with !== 'SIGKILL') phase = phaseOf(kill.run, plan); // soon it is another
        struck = options.with === 'pipes' ? closePipes(child) : child.kill(options.with);
      }, milliseconds).unref();
    };
    if (kill?.moment < 0.1) killIn(kill.moment * 20_000);
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.on('data', (chunk) => {
      if (plan !== undefined) return;
      stdout += chunk;
      const line = /^.*"event":"plan".*$/m.exec(stdout);
      if (line === null || !stdout.slice(line.index).includes('\n')) return;
      plan = JSON.parse(line[0]);
      if (kill?.moment >= 0.6)
        watcher = onSave(kill.run, () => {
          killIn((SAVE_MS * (kill.moment - 0.6)) / 0.4);
        });
      else if (kill?.moment >= 0.1) killIn(3000 * (2 * (kill.moment - 0.1)) ** 2);
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

/** Closes what a child writes to. Gives whether it was there to notice. */
function closePipes(child) {
  child.stdout.destroy();
  child.stderr.destroy();
  return child.exitCode === null && child.signalCode === null;
}

/** Calls back at the first checkpoint that a run begins to write. */
function onSave(run, begun) {
  let isBegun = false;
  return watch(run, (_, file) => {
    if (isBegun || !file?.startsWith('.tmp-step-')) return;
    isBegun = true;
    begun();
  });
}

/** All that must be the same of two runs, by name. */
function contentsOf(run) {
  const read = (name) => readFileSync(join(run, name), 'utf8');
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
    contents[name] = rows.map((row) => row.filter((_, i) => !TIMES.has(rows[0][i])).join()).join('\n');
  }
  contents['loss.jsonl'] = read('loss.jsonl').replace(/,"pairs_per_second":[^}]*/g, '');
  contents.events = eventsOf(run).join('\n');
  return contents;
}

/** Step, tag and value of every scalar in the run's event files. */
function eventsOf(run) {
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
        if (!TIMES.has(tag.split('/')[1]))
          scalars.push(`${step} ${tag} ${message.readFloatLE(index + tag.length + 1)}`);
      }
      at += 16 + length;
    }
  }
  return scalars.sort();
}
