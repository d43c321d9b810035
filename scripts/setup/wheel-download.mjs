import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { size, stopwatch } from './amounts.mjs';
import { TensorflowUnavailable } from './errors.mjs';
import { failureLine, run } from './processes.mjs';
import { withProgress } from './progress.mjs';
import { title } from './wheels.mjs';

/** @import { Wheel } from './distributions.mjs' */
/** @import { Result } from './processes.mjs' */
/** @import { Project } from './project.mjs' */

/**
 * One attempt, no other packages, no second copy in pip's own cache. pip's default of five attempts takes minutes if
 * one of several configured indexes cannot be reached.
 */
const PIP_FLAGS = [
  ...['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--disable-pip-version-check'],
  ...['--retries', '0', '--timeout', '20'],
];

/**
 * The download's name in the record of failures. Another index may serve another file; its address may contain a
 * password.
 *
 * @param {Project} project
 * @param {Wheel} wheel
 */
export function downloadAttempt({ env }, wheel) {
  const source = createHash('sha256').update(`${wheel.sha256} ${env.PIP_INDEX_URL}`).digest('hex');
  return `download ${wheel.package} ${wheel.version}, ${source}`;
}

/**
 * Downloads a wheel with pip and checks that it is the official one.
 *
 * @param {Project} project
 * @param {Wheel} wheel
 * @param {string} python
 * @param {string} folder
 * @param {number} [lock]
 */
export async function downloadWheel(project, wheel, python, folder, lock) {
  const { env, say, terminal } = project;
  const elapsed = stopwatch();
  say(`${title(wheel)}: downloading ${size(wheel.bytes)} …`);
  const args = [
    '-m',
    'pip',
    'download',
    ...PIP_FLAGS,
    ...wheel.tags,
    '--dest',
    folder,
    `${wheel.package}==${wheel.version}`,
  ];
  // pip writes the unfinished file to TMPDIR: here it is removed with the folder if set-up is killed.
  const pipEnv = { ...env, PIP_REQUIRE_VIRTUALENV: '0', TMPDIR: folder };
  const download = () => run(python, args, { env: pipEnv, showOutput: terminal, lock });
  const what = `${title(wheel)}: downloading`;
  const result = await (terminal ? download() : withProgress(project, what, download)); // pip draws a bar
  if (result.status !== 0) throw downloadFailure(wheel, result);
  await withProgress(project, `${title(wheel)}: verifying`, () => checkWheel(project, wheel, wheelOf(folder)));
  say(`${title(wheel)}: downloaded in ${elapsed()}`);
}

/**
 * @param {Wheel} wheel
 * @param {Result} result
 */
function downloadFailure({ package: name, version }, result) {
  if (/from versions: (none)?\)/.test(result.stderr)) {
    return new TensorflowUnavailable(
      `the Python package index cannot be reached, or has no ${name}`,
      'connect to the network, or set PIP_INDEX_URL to an index that can be reached, and run this again',
    );
  }
  const line = failureLine(result, /^ERROR: (?!Exception:)/).replace(/^ERROR: /, '');
  return new TensorflowUnavailable(`pip cannot download ${name} ${version} (${line})`, 'mend that and run this again');
}

/**
 * @param {Project} project
 * @param {Wheel} wheel
 * @param {string} file
 */
async function checkWheel(project, wheel, file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const sha256 = hash.digest('hex');
  if (sha256 === wheel.sha256) return;
  throw new TensorflowUnavailable(
    `the package index served another ${wheel.package} ${wheel.version} than the official one ` +
      `(expected sha256 ${wheel.sha256}, got ${sha256})`,
    'set PIP_INDEX_URL to an index that serves the official file, ' +
      'or remove node_modules/.kd-setup.json to try this one anew',
    downloadAttempt(project, wheel),
  );
}

/**
 * The wheel in a folder, if there is one.
 *
 * @param {string} folder
 */
export function wheelIn(folder) {
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
  return name === undefined ? undefined : join(folder, name);
}

/**
 * The wheel in a folder that must have one.
 *
 * @param {string} folder
 */
export function wheelOf(folder) {
  const file = wheelIn(folder);
  if (file === undefined) throw new TensorflowUnavailable(`pip left no wheel in ${folder}`, 'run this again');
  return file;
}
