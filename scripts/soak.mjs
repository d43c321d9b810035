/**
 * Trains at full shape for a long time (the published models' shapes, random weights, the sample corpus) and records
 * the memory that the process holds, one line per minute.
 *
 *   node scripts/soak.mjs --out /tmp/soak --minutes 60 -- [flags of kd train …]
 *
 * `memory.csv` has the minutes the process was awake (a paused process does not count), its resident bytes, their peak,
 * and the steps done. When the minutes are over, training is stopped as by Ctrl-C. Exit code 1 if memory grew by more
 * than a tenth between the first quarter of the time and the last.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { POSITIVE, TEXT } from '#dist/base/kinds.js';
import { readArguments } from './arguments.mjs';
import { writeModelFolders } from './bench/model-folders.mjs';
import { memoryOf } from './bench/process-memory.mjs';
import { flagsOf, inProject, KD, passOnSignals } from './kd.mjs';

const {
  flags: { out, minutes },
  others: flags,
} = readArguments(
  import.meta.filename,
  {
    out: { kind: TEXT, default: 'soak' },
    minutes: { kind: POSITIVE, default: 60 },
  },
  'flags of kd train',
);

const folder = resolve(out);
mkdirSync(folder, { recursive: true });
writeModelFolders(folder);
rmSync(join(folder, 'checkpoints'), { recursive: true, force: true });

const settings = {
  run: 'kd-soak',
  data: inProject('data/sample'),
  teacher: 'teacher',
  student: 'student',
  dropout: 'configured',
  epochs: 1000,
  'valid-fraction': 0.05,
  'log-every': 1,
  'batch-size': 8,
  'save-every': 20,
};
const child = spawn(process.execPath, [KD, 'train', '--random-weights', ...flagsOf(settings), ...flags], {
  cwd: folder,
  stdio: ['ignore', 'inherit', 'inherit'],
});
passOnSignals(child);

const memory = join(folder, 'memory.csv');
writeFileSync(memory, 'minutes,resident_bytes,peak_bytes,steps\n');
/** @typedef {[minutes: number, resident: number, peak: number, steps: number]} Row */

/** @type {Row[]} */
const rows = [];
let awake = 0; // seconds
const timer = setInterval(tick, 1000);
child.on('exit', (code) => {
  clearInterval(timer);
  process.exitCode = code === 130 && isFlat() ? 0 : 1;
});

function tick() {
  awake++;
  if (awake % 60 === 0) note();
  if (awake >= 60 * minutes) {
    clearInterval(timer);
    child.kill('SIGINT');
  }
}

function note() {
  const held = memoryOf(child.pid);
  if (held === undefined) return; // it has ended
  /** @type {Row} */
  const row = [awake / 60, held.resident, held.peak, stepsDone()];
  rows.push(row);
  appendFileSync(memory, `${row.join()}\n`);
}

function stepsDone() {
  const log = join(folder, 'checkpoints/kd-soak/loss.csv');
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 2 : 0;
}

function isFlat() {
  const quarter = Math.max(1, Math.floor(rows.length / 4));
  /** @param {Row[]} part */
  const highest = (part) => Math.max(...part.map(([, resident]) => resident));
  return rows.length > 3 && highest(rows.slice(-quarter)) < 1.1 * highest(rows.slice(1, 1 + quarter));
}
