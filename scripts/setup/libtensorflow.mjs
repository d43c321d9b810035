import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { megabytes, stopwatch } from './amounts.mjs';
import { TensorflowUnavailable } from './errors.mjs';
import { ownLibrary } from './own-library.mjs';
import { failureLine, run } from './processes.mjs';
import { stageFolder } from './staging.mjs';

/**
 * The official CPU wheel, which holds libtensorflow and its headers. The checksum is the one the Python Package Index
 * states for this file. Which Python the wheel is for does not
 * matter here: the libraries are the same in all of them.
 */
export const TENSORFLOW_WHEEL = {
  package: 'tensorflow-cpu',
  version: '2.21.0',
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  bytes: 273_829_956,
  pythonTags: [
    ...['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311'],
    ...['--platform', 'manylinux_2_27_x86_64'],
  ],
  host: { platform: 'linux', arch: 'x64', glibc: '2.27' },
  libraries: { 'libtensorflow_cc.so.2': 788_086_608, 'libtensorflow_framework.so.2': 65_222_328 },
  headers: [
    'tensorflow/c/c_api.h',
    'tensorflow/c/c_api_macros.h',
    'tensorflow/c/eager/c_api.h',
    'tensorflow/c/tf_attrtype.h',
    'tensorflow/c/tf_buffer.h',
    'tensorflow/c/tf_datatype.h',
    'tensorflow/c/tf_status.h',
    'tensorflow/c/tf_tensor.h',
    'tensorflow/c/tf_tstring.h',
    'tensorflow/core/platform/ctstring.h',
    'tensorflow/core/platform/ctstring_internal.h',
    'tsl/platform/ctstring.h',
    'tsl/platform/ctstring_internal.h',
    'xla/tsl/c/tsl_status.h',
  ],
};

/**
 * One try, no other packages, no second copy in pip's own cache. pip's default of five tries takes minutes wherever
 * one of several configured indexes is out of reach.
 */
const PIP_FLAGS = [
  ...['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--disable-pip-version-check'],
  ...['--retries', '0', '--timeout', '20'],
];

/**
 * A libtensorflow on disk: `lib` and `include` are folders, `libraries` files, and `identity` tells it from others.
 *
 * It is the user's own if TF_LIBRARY_DIR names one (throws `SetupError` if that lacks something), else the wheel's in
 * the cache, or undefined if that is not there yet.
 */
export function findLibrary({ env, cache, wheel }) {
  if (env.TF_LIBRARY_DIR) return ownLibrary(env.TF_LIBRARY_DIR);
  const folder = libraryFolder(cache, wheel);
  const isComplete = Object.entries(wheel.libraries).every(([name, bytes]) => fileSize(join(folder, 'lib', name)) === bytes);
  return isComplete ? wheelLibrary(folder, wheel) : undefined;
}

/** What the addon for the wheel's libtensorflow is known by, before that is downloaded too. */
export function libraryIdentity({ wheel }, library) {
  return library === undefined ? wheel.sha256 : library.identity;
}

/**
 * Downloads the wheel with pip, checks it, unpacks its libraries and headers into the cache and deletes it again.
 *
 * @param {string} python a Python that has pip
 * @throws {TensorflowUnavailable} if pip cannot get the wheel, or gets another file than the official one
 */
export async function fetchLibrary(project, python, lock) {
  const { cache, wheel } = project;
  const folder = libraryFolder(cache, wheel);
  const download = `${folder}.wheel`;
  // It is there already if set-up was interrupted before it was unpacked.
  if (wheelIn(download) === undefined) await stageFolder(download, (partial) => downloadWheel(project, python, partial, lock));
  await stageFolder(folder, async (partial) => {
    await unpackWheel(project, python, wheelIn(download), partial, lock);
    rmSync(download, { recursive: true });
  });
  return wheelLibrary(folder, wheel);
}

/** Names the download in records of what failed. Another index may serve another file; its address may hold a password. */
export function downloadAttempt({ env, wheel }) {
  const source = createHash('sha256').update(`${wheel.sha256} ${env.PIP_INDEX_URL}`).digest('hex');
  return `download ${wheel.package} ${wheel.version}, ${source}`;
}

async function downloadWheel(project, python, folder, lock) {
  const { env, wheel, say, terminal } = project;
  const elapsed = stopwatch();
  say(`libtensorflow ${wheel.version}: downloading ${megabytes(wheel.bytes)} …`);
  const args = ['-m', 'pip', 'download', ...PIP_FLAGS, ...wheel.pythonTags, '--dest', folder, `${wheel.package}==${wheel.version}`];
  // pip keeps the unfinished file in TMPDIR: here it goes with the folder if set-up is killed.
  const pipEnv = { ...env, PIP_REQUIRE_VIRTUALENV: '0', TMPDIR: folder };
  const result = await run(python, args, { env: pipEnv, showOutput: terminal, lock });
  if (result.status !== 0) throw downloadFailure(wheel, result);
  await checkWheel(project, wheelIn(folder));
  say(`libtensorflow ${wheel.version}: downloaded in ${elapsed()}`);
}

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

async function checkWheel(project, file) {
  const { wheel } = project;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const sha256 = hash.digest('hex');
  if (sha256 === wheel.sha256) return;
  throw new TensorflowUnavailable(
    `the package index served another ${wheel.package} ${wheel.version} than the official one ` +
      `(expected sha256 ${wheel.sha256}, got ${sha256})`,
    'set PIP_INDEX_URL to an index that serves the official file, or remove node_modules/.kd-setup.json to try this one anew',
    downloadAttempt(project),
  );
}

async function unpackWheel({ env, wheel, say }, python, file, folder, lock) {
  const elapsed = stopwatch();
  const bytes = Object.values(wheel.libraries).reduce((sum, size) => sum + size, 0);
  say(`libtensorflow ${wheel.version}: unpacking ${megabytes(bytes)} …`);
  const members = [
    ...Object.keys(wheel.libraries).map((name) => `tensorflow/${name}=lib/${name}`),
    ...wheel.headers.map((name) => `tensorflow/include/${name}=include/${name}`),
  ];
  const script = fileURLToPath(new URL('unpack-wheel.py', import.meta.url));
  const result = await run(python, [script, file, folder, ...members], { env, lock });
  if (result.status !== 0) {
    const line = failureLine(result, /^\w*Error\b/);
    throw new TensorflowUnavailable(`the ${wheel.package} wheel cannot be unpacked (${line})`, 'mend that and run this again');
  }
  say(`libtensorflow ${wheel.version}: unpacked in ${elapsed()}`);
}

function libraryFolder(cache, wheel) {
  return join(cache, `libtensorflow-${wheel.version}-${wheel.sha256.slice(0, 12)}`);
}

function wheelLibrary(folder, wheel) {
  const lib = join(folder, 'lib');
  const libraries = Object.keys(wheel.libraries).map((name) => join(lib, name));
  return { identity: wheel.sha256, lib, include: join(folder, 'include'), libraries };
}

function fileSize(file) {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

function wheelIn(folder) {
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
  return name === undefined ? undefined : join(folder, name);
}
