/**
 * Kills training at random moments, saves among them, resumes it, and checks that each run ends with exactly the weights, the
 * optimiser's state and the logs of one that nobody disturbed.
 *
 *   node scripts/kill-test.mjs --kills 200 --seconds 480 --out /tmp/kills -- [flags of kd train …]
 *
 * Ends at the first run that is complete after so many kills or seconds. Appends what it did to `<out>/kills.jsonl`, so that
 * several calls add up. Exit code 1 at the first difference.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values: options, positionals: flags } = parseArgs({
  options: { out: { type: 'string', default: 'kill-test' }, kills: { type: 'string', default: '10' }, seconds: { type: 'string', default: '480' } },
  allowPositionals: true,
});
const out = resolve(options.out);
const deadline = Date.now() + 1000 * Number(options.seconds);
mkdirSync(out, { recursive: true });

const COMMON = [
  '--data', join(ROOT, 'data/sample'), '--teacher', join(ROOT, 'data/tiny/teacher'), '--student', join(ROOT, 'data/tiny/student'), '--samples', '240',
  '--batch-size', '4', '--accumulate', '2', '--epochs', '4', '--log-every', '1', '--save-every', '3', '--keep', '2', '--learning-rate', '1e-3', ...flags,
];
/** Columns that no two runs have alike. */
const TIMES = new Set(['pairs_per_second']);

if (!existsSync(join(out, 'checkpoints/undisturbed/done'))) {
  rmSync(join(out, 'checkpoints/undisturbed'), { recursive: true, force: true });
  const { code, stderr } = await kd(['--run', 'undisturbed', ...COMMON]);
  if (code !== 0) throw new Error(stderr);
  appendFileSync(join(out, 'checkpoints/undisturbed/done'), '');
}
const expected = contentsOf(join(out, 'checkpoints/undisturbed'));
const total = { kills: 0, inSave: 0, inStart: 0, runs: 0 };
while (total.kills < Number(options.kills) && Date.now() < deadline) await runOnce(`killed-${process.pid}-${total.runs}`);
console.log(`${total.kills} kills (${total.inSave} while a checkpoint was written, ${total.inStart} before the first step) in ${total.runs} runs, all as the undisturbed one`);

/** One run from its start to its end, through as many kills as it takes. */
async function runOnce(name) {
  const run = join(out, 'checkpoints', name);
  const seen = { kills: 0, inSave: 0, inStart: 0 };
  for (;;) {
    const isLast = total.kills + seen.kills >= Number(options.kills) || Date.now() > deadline;
    const started = existsSync(join(run, 'config.json'));
    const result = await kd(started ? ['--resume', name] : ['--run', name, ...COMMON], isLast ? undefined : Math.random());
    if (result.killed) {
      seen.kills++;
      if (existsSync(run) && readdirSync(run).some((file) => file.startsWith('.tmp-') || file.startsWith('.replaced-'))) seen.inSave++;
      if (!result.training) seen.inStart++;
      continue;
    }
    if (result.code !== 0) throw new Error(`${name}: exit code ${result.code} after ${seen.kills} kills\n${result.stderr}`);
    break;
  }
  const actual = contentsOf(run);
  for (const [what, value] of Object.entries(expected)) {
    if (actual[what] !== value) throw new Error(`${name}: ${what} differs after ${seen.kills} kills:\n${actual[what]}\n--- expected\n${value}`);
  }
  if (Object.keys(actual).length !== Object.keys(expected).length) throw new Error(`${name}: ${Object.keys(actual)} and not ${Object.keys(expected)}`);
  rmSync(run, { recursive: true });
  total.runs++;
  for (const [key, count] of Object.entries(seen)) total[key] += count;
  appendFileSync(join(out, 'kills.jsonl'), `${JSON.stringify(seen)}\n`);
}

/**
 * Runs `kd train`.
 *
 * @param moment when to kill it, 0 to 1: below 0.1 while it starts, else in the first seconds of training; absent: never
 */
function kd(args, moment) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin/kd.js'), 'train', '--json', ...args], { cwd: out, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stderr, training] = ['', false];
    const killIn = (milliseconds) => { setTimeout(() => child.kill('SIGKILL'), milliseconds).unref(); };
    if (moment < 0.1) killIn(moment * 20_000);
    child.stderr.on('data', (chunk) => { stderr += chunk; });
    child.stdout.on('data', (chunk) => {
      if (training || !String(chunk).includes('"event":"plan"')) return;
      training = true;
      if (moment >= 0.1) killIn(3000 * (moment - 0.1) ** 2);
    });
    child.on('close', (code, signal) => { done({ code, killed: signal === 'SIGKILL', training, stderr }); });
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
    const rows = read(name).split('\n').map((line) => line.split(','));
    contents[name] = rows.map((row) => row.filter((_, i) => !TIMES.has(rows[0][i])).join()).join('\n');
  }
  contents['loss.jsonl'] = read('loss.jsonl').replace(/,"pairs_per_second":[^}]*/g, '');
  contents.events = eventsOf(run).join('\n');
  return contents;
}

/** Step, tag and value of every scalar in the run's event files. */
function eventsOf(run) {
  const scalars = [];
  for (const name of readdirSync(run).filter((file) => file.startsWith('events.')).sort()) {
    const file = readFileSync(join(run, name));
    for (let at = 0; at < file.length; ) {
      const length = Number(file.readBigUInt64LE(at));
      if (at + 16 + length > file.length) throw new Error(`${name}: a torn event`);
      const message = file.subarray(at + 12, at + 12 + length);
      for (const { index, 0: tag } of message.toString('latin1').matchAll(/(train|validation|outputs)\/[a-z_]+/g)) {
        const step = message.subarray(9, message.indexOf(0x2a, 9)).toString('hex');
        if (!TIMES.has(tag.split('/')[1])) scalars.push(`${step} ${tag} ${message.readFloatLE(index + tag.length + 1)}`);
      }
      at += 16 + length;
    }
  }
  return scalars.sort();
}
