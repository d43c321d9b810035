/**
 * `npm start`: trains a tiny student from a tiny teacher on the sample corpus, with the same command that trains the
 * real models. Prints what was made and what to type next.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { inProject, KD, passOnSignals } from './kd.mjs';

/** A minute at most on two cores: all pairs with TensorFlow, some of them without. */
const LENGTHS = { tensorflow: ['--epochs', '10'], cpu: ['--samples', '480', '--epochs', '2'] };

/** @param {string} path */
const at = (path) => relative(process.cwd(), inProject(path));
const run = freeName('quickstart');
const args = [
  'train',
  '--data',
  at('data/sample'),
  '--teacher',
  at('data/tiny/teacher'),
  '--student',
  at('data/tiny/student'),
  '--learning-rate',
  '1e-3',
  ...LENGTHS[backend()],
  '--run',
  run,
];
const extra = process.argv.slice(2);
process.stderr.write(`$ npx kd ${[...args, ...extra].join(' ')}\n`);
const training = spawn(process.execPath, [KD, ...args, ...extra], { stdio: 'inherit' });
passOnSignals(training);
const [status] = await once(training, 'close');
if (status === 0 && !extra.includes('--json')) process.stdout.write(`\n${report(`checkpoints/${run}`)}\n`);
process.exitCode = status ?? 2;

/** The backend that set-up installed. */
function backend() {
  const status = inProject('node_modules/.kd-setup.json');
  return existsSync(status) && JSON.parse(readFileSync(status, 'utf8')).backend === 'tensorflow' ? 'tensorflow' : 'cpu';
}

/**
 * `quickstart`, or the same with the first free number, so that earlier runs are kept.
 *
 * @param {string} name
 */
function freeName(name) {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!existsSync(`checkpoints/${candidate}`)) return candidate;
  }
}

/** @param {string} folder */
function report(folder) {
  const losses = readFileSync(join(folder, 'validation.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[2]));
  const [first = NaN, ...later] = losses;
  const best = Math.min(...later);
  const checkpoint = `${folder}/${readFileSync(join(folder, 'best'), 'utf8').trim()}`;
  return [
    `The student's loss on pairs it has not seen fell to ${Math.round((100 * best) / first)}% of where it began.`,
    '',
    'Written:',
    ...columns([
      [checkpoint, 'the student, a model folder for transformers'],
      [`${folder}/report.html`, 'the report: open it in a browser'],
      [`${folder}/loss.csv, validation.csv`, 'the losses, also as loss.jsonl and TensorBoard events'],
    ]),
    '',
    'Next:',
    `  echo "말을 타는 남자" | npx kd encode --model ${checkpoint} --input - --output texts.safetensors`,
    '  npx kd doctor                               which device is used, and why not a better one',
    '  npx kd train --data data/sample --dry-run   one step of the full-size models: parameters, shapes, memory',
    '  npx kd train --help                         how to train on your own pairs and models',
    '',
    'This student is too small for Stable Diffusion. docs/first-real-run.md shows how to train one that draws,',
    'docs/pictures.md how to draw a first picture without a download.',
  ].join('\n');
}

/**
 * Indented rows of a name and what it is, one below the other.
 *
 * @param {readonly (readonly [string, string])[]} rows
 */
function columns(rows) {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, what]) => `  ${name.padEnd(width)}   ${what}`);
}
