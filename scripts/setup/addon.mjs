import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stopwatch } from './amounts.mjs';
import { TensorflowUnavailable } from './errors.mjs';
import { lacking } from './own-library.mjs';
import { failureLine, run } from './processes.mjs';
import { stageFolder } from './staging.mjs';

/** @import { Library } from './libtensorflow.mjs' */
/** @import { Command, Env, Result } from './processes.mjs' */
/** @import { Project } from './project.mjs' */

/** The npm package that TensorFlow's addon belongs to. */
export const ADDON_PACKAGE = ['node_modules', '@tensorflow', 'tfjs-node-gpu'];
const NAPI_HEADERS = ['node_modules', 'node-api-headers', 'include'];
const ADDON_NAME = 'tfjs_binding.node';

/**
 * What the package's binding.gyp says, for Node-API 8, which all supported Node versions have: one build serves all.
 */
const COMPILER_FLAGS = [
  '-O2',
  '-std=gnu++17',
  '-shared',
  '-fPIC',
  '-DNAPI_VERSION=8',
  '-Wl,-rpath,$ORIGIN/../../deps/lib',
];

/**
 * Names all that goes into an addon: its sources, Node's headers, the compiler's flags and libtensorflow's identity.
 *
 * @param {Project} project
 * @param {string} libraryIdentity
 */
export function addonKey({ root }, libraryIdentity) {
  const hash = createHash('sha256').update(`${COMPILER_FLAGS.join(' ')}\n${libraryIdentity}\n`);
  for (const folder of [join(root, ...ADDON_PACKAGE, 'binding'), join(root, ...NAPI_HEADERS)]) {
    for (const name of readdirSync(folder).sort()) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}

/**
 * The cached addon of that key, or undefined if none was built yet.
 *
 * @param {Project} project
 * @param {string} key
 */
export function findAddon({ cache }, key) {
  const file = addonFile(cache, key);
  return existsSync(file) ? file : undefined;
}

/**
 * Compiles the addon that comes as source with the npm package into the cache.
 *
 * @param {Project} project
 * @param {Library} library
 * @param {string} key
 * @param {Command} compiler
 * @param {number} [lock]
 * @throws {TensorflowUnavailable} if it does not compile; {SetupError} if that is for a header that TF_LIBRARY_DIR
 *   lacks
 */
export async function buildAddon(project, library, key, [compiler, ...compilerArgs], lock) {
  const { root, env, cache, say } = project;
  const elapsed = stopwatch();
  say('TensorFlow addon: compiling …');
  const file = addonFile(cache, key);
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(root, ...ADDON_PACKAGE, 'binding', name));
  await stageFolder(dirname(file), async (partial) => {
    const includes = [library.include, join(root, ...NAPI_HEADERS)].map((folder) => `-I${folder}`);
    const args = [
      ...compilerArgs,
      ...COMPILER_FLAGS,
      ...includes,
      ...sources,
      ...library.libraries,
      '-o',
      join(partial, ADDON_NAME),
    ];
    const result = await run(compiler, args, { env, lock });
    if (result.status !== 0) throw buildFailure(env, result, [compiler, ...compilerArgs], key);
  });
  say(`TensorFlow addon: compiled in ${elapsed()}`);
  return file;
}

/**
 * Names a build in records of what failed.
 *
 * @param {string} key
 * @param {Command} compiler
 */
export function compileAttempt(key, compiler) {
  return `compile ${key} with ${compiler.join(' ')}`;
}

/**
 * @param {Env} env
 * @param {Result} result
 * @param {Command} compiler
 * @param {string} key
 */
function buildFailure({ TF_LIBRARY_DIR: ownFolder }, result, compiler, key) {
  const [, header] = /fatal error: (\S+): No such file/.exec(result.stderr) ?? [];
  if (ownFolder && header) return lacking(ownFolder, `the header ${header}`);
  const line = failureLine(result, /\b(error|undefined reference|cannot find)\b/);
  return new TensorflowUnavailable(
    `the TensorFlow addon does not compile (${compiler.join(' ')}: ${line})`,
    'install or name another compiler (CXX), or remove node_modules/.kd-setup.json to try this one anew',
    compileAttempt(key, compiler),
  );
}

/**
 * Loads an addon in a process of its own, where a crash does no harm, and returns the version of its libtensorflow.
 *
 * @param {Project} project
 * @param {string} file
 * @throws {TensorflowUnavailable} if it cannot be loaded, say for want of a processor feature
 */
export async function loadAddon({ env }, file) {
  const program = 'process.stdout.write(require(process.argv[1]).TF_Version)';
  const result = await run(process.execPath, ['-e', program, file], { env: { ...env, TF_CPP_MIN_LOG_LEVEL: '3' } });
  if (result.status === 0) return result.stdout;
  const illegal = result.signal === 'SIGILL' ? ': the processor lacks instructions it needs, such as AVX' : '';
  throw new TensorflowUnavailable(
    `libtensorflow cannot be loaded (${failureLine(result, /^\w*Error: /)}${illegal})`,
    'mend that, or set TF_LIBRARY_DIR to a libtensorflow for this machine, and run this again',
  );
}

/**
 * @param {string} cache
 * @param {string} key
 */
function addonFile(cache, key) {
  return join(cache, `tfjs-binding-${key.slice(0, 16)}`, ADDON_NAME);
}
