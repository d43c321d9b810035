import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { size, stopwatch, sum } from './amounts.mjs';
import { SetupError, TensorflowUnavailable } from './errors.mjs';
import { failureLine, run } from './processes.mjs';
import { withProgress } from './progress.mjs';
import { stageFolder } from './staging.mjs';

/** @import { Bundle } from './bundle/open.mjs' */
/** @import { Wheel } from './distributions.mjs' */
/** @import { Project } from './project.mjs' */

/**
 * `libtensorflow 2.21.0`, `nvidia-cublas-cu12 12.9.3.13`
 *
 * @param {Wheel} wheel
 */
export function title({ package: name, version }) {
  return `${name.startsWith('tensorflow') ? 'libtensorflow' : name} ${version}`;
}

/**
 * The paths of all files unpacked from a wheel; none if nothing in it is needed.
 *
 * @param {Wheel} wheel
 */
export function wheelFiles({ files, headers }) {
  return [...Object.keys(files), ...headers];
}

/**
 * Bytes that a wheel's files take.
 *
 * @param {Wheel} wheel
 */
export function unpackedBytes(wheel) {
  return sum(Object.values(wheel.files));
}

/**
 * Whether everything needed from a wheel has been unpacked.
 *
 * @param {string} folder the distribution's
 * @param {Wheel} wheel
 */
export function isUnpacked(folder, wheel) {
  return isComplete(join(folder, wheel.folder), wheel);
}

/**
 * @param {string} folder the wheel's own
 * @param {Wheel} wheel
 */
function isComplete(folder, { files }) {
  return Object.entries(files).every(([path, bytes]) => fileSize(join(folder, path)) === bytes);
}

/** @param {string} file */
function fileSize(file) {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

/**
 * Unpacks what is needed from a wheel.
 *
 * @param {Project} project
 * @param {Wheel} wheel
 * @param {string} python
 * @param {string} file
 * @param {string} folder
 * @param {number} [lock]
 */
export async function unpackWheel(project, wheel, python, file, folder, lock) {
  const { env, say } = project;
  const elapsed = stopwatch();
  say(`${title(wheel)}: unpacking ${size(unpackedBytes(wheel))} …`);
  const members = [...Object.keys(wheel.files), ...wheel.headers].map((path) => `${memberOf(wheel, path)}=${path}`);
  const script = fileURLToPath(new URL('unpack-wheel.py', import.meta.url));
  const result = await withProgress(project, `${title(wheel)}: unpacking`, () =>
    run(python, [script, file, folder, ...members], { env, lock }),
  );
  if (result.status !== 0) {
    const line = failureLine(result, /^\w*Error\b/);
    throw new TensorflowUnavailable(
      `the ${wheel.package} wheel cannot be unpacked (${line})`,
      'mend that and run this again',
    );
  }
  say(`${title(wheel)}: unpacked in ${elapsed()}`);
}

/**
 * @param {Wheel} wheel
 * @param {string} path
 */
function memberOf({ folder, from }, path) {
  const [first = ''] = path.split('/', 1);
  return from === undefined ? `${folder}/${path}` : `${from[first]}${path.slice(first.length)}`;
}

/**
 * The name in a bundle of what is unpacked from a wheel.
 *
 * @param {Wheel} wheel
 */
export function wheelArchive({ package: name, version, sha256 }) {
  return `${name} ${version} ${sha256}`;
}

/**
 * Unpacks a wheel's files from a bundle.
 *
 * @param {Project} project
 * @param {Bundle} bundle
 * @param {Wheel} wheel
 * @param {string} target
 * @param {number} [lock]
 */
export async function takeFromBundle(project, bundle, wheel, target, lock) {
  await stageFolder(target, async (partial) => {
    await bundle.unpack(wheelArchive(wheel), partial, { ...project, lock });
    if (!isComplete(partial, wheel))
      throw new SetupError(
        `--from ${bundle.folder}: its ${wheel.package} ${wheel.version} lacks files; make the bundle again`,
      );
  });
}
