import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cachedFile } from './addon-cache.mjs';
import { stopwatch } from './amounts.mjs';
import { TensorflowUnavailable } from './errors.mjs';
import { lacking } from './own-library.mjs';
import { failureLine, run } from './processes.mjs';
import { stageFolder } from './staging.mjs';

/** @import { Wanted } from './addon-cache.mjs' */
/** @import { Library } from './libtensorflow.mjs' */
/** @import { Command, Env, Result } from './processes.mjs' */
/** @import { Project } from './project.mjs' */

/**
 * An addon.
 *
 * @typedef {object} Addon
 * @property {string} name what the cache calls it
 * @property {string} title what set-up calls it
 * @property {string[]} folder of its sources, from the root
 * @property {string[]} sources
 * @property {string[]} [flags] of the compiler, after those for all addons
 * @property {string} file that is made
 * @property {boolean} [isAlone] whether it does without libtensorflow
 */

const NPM_PACKAGE = ['node_modules', '@tensorflow', 'tfjs-node-gpu'];
const NAPI_HEADERS = ['node_modules', 'node-api-headers', 'include'];

/**
 * The addons to compile: the npm package's, which ships as source, and one of our own, both linked to libtensorflow;
 * one that turns standard error off while libtensorflow is loaded; and one that asks NVIDIA's driver.
 */
export const ADDONS = [
  {
    name: 'tfjs-binding',
    title: 'TensorFlow addon',
    folder: [...NPM_PACKAGE, 'binding'],
    sources: ['tfjs_backend.cc', 'tfjs_binding.cc'],
    file: 'tfjs_binding.node',
  },
  {
    name: 'tf-session',
    title: 'session addon',
    folder: ['native'],
    sources: ['tf_session.cc', 'adamw.cc', 'lanes.cc', 'row_loop.cc'],
    flags: [
      ...['-O3', '-fno-math-errno', '-fno-trapping-math'], // so that loops become vector instructions
      '-Wl,-z,nodelete', // Node unloads the addon of a worker thread that ends, while the addon's own threads compute
    ],
    file: 'tf_session.node',
  },
  {
    name: 'standard-error',
    title: 'standard error addon',
    folder: ['native'],
    sources: ['standard_error.cc'],
    file: 'standard_error.node',
    isAlone: true,
  },
  {
    name: 'cuda-driver',
    title: 'driver addon',
    folder: ['native'],
    sources: ['cuda_driver.cc'],
    file: 'cuda_driver.node',
    isAlone: true,
  },
];

/**
 * The flags in the package's binding.gyp, for Node-API 8, which all supported Node versions have: one build serves all.
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
 * A key of everything that goes into an addon but the compiler: its sources, Node's headers, our flags and
 * libtensorflow's identity.
 *
 * @param {Project} project
 * @param {Addon} addon
 * @param {string} libraryIdentity
 */
export function addonKey({ root }, { folder, sources, flags = [], isAlone = false }, libraryIdentity) {
  const hash = createHash('sha256').update(
    `${[...COMPILER_FLAGS, ...flags].join(' ')}\n${isAlone ? '' : libraryIdentity}\n`,
  );
  for (const path of [join(root, ...folder), join(root, ...NAPI_HEADERS)]) {
    const read = readdirSync(path).filter((name) => sources.includes(name) || name.endsWith('.h'));
    for (const name of read.sort()) hash.update(`${name}\n`).update(readFileSync(join(path, name)));
  }
  return hash.digest('hex');
}

/**
 * Compiles an addon into the cache.
 *
 * @param {Project} project
 * @param {Wanted} wanted
 * @param {Library} library
 * @param {Command} compiler
 * @param {number} [lock]
 * @throws {TensorflowUnavailable} if it does not compile; {SetupError} if that is for a header that TF_LIBRARY_DIR
 *   lacks
 */
export async function buildAddon(project, wanted, library, [compiler, ...compilerArgs], lock) {
  const { root, env, cache, say } = project;
  const { addon, key } = wanted;
  const elapsed = stopwatch();
  say(`${addon.title}: compiling …`);
  const file = cachedFile(cache, wanted);
  const sources = addon.sources.map((name) => join(root, ...addon.folder, name));
  await stageFolder(dirname(file), async (partial) => {
    const includes = [...(addon.isAlone ? [] : [library.include]), join(root, ...NAPI_HEADERS)].map(
      (folder) => `-I${folder}`,
    );
    const args = [
      ...compilerArgs,
      ...COMPILER_FLAGS,
      ...(addon.flags ?? []),
      ...includes,
      ...sources,
      ...(addon.isAlone ? [] : library.libraries),
      '-o',
      join(partial, addon.file),
    ];
    const result = await run(compiler, args, { env, lock });
    if (result.status !== 0) throw buildFailure(env, result, addon, [compiler, ...compilerArgs], key);
  });
  say(`${addon.title}: compiled in ${elapsed()}`);
  return file;
}

/**
 * A build's name in the record of failures.
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
 * @param {Addon} addon
 * @param {Command} compiler
 * @param {string} key
 */
function buildFailure({ TF_LIBRARY_DIR: ownFolder }, result, { title }, compiler, key) {
  const [, header] = /fatal error: (\S+): No such file/.exec(result.stderr) ?? [];
  if (ownFolder && header) return lacking(ownFolder, `the header ${header}`);
  const line = failureLine(result, /\b(error|undefined reference|cannot find)\b/);
  return new TensorflowUnavailable(
    `the ${title} does not compile (${compiler.join(' ')}: ${line})`,
    'install or name another compiler (CXX), or remove node_modules/.kd-setup.json to try this one anew',
    compileAttempt(key, compiler),
  );
}

/**
 * Loads the addons in the order of `ADDONS`, in a separate process, so that a crash does no harm, and returns the
 * version of their libtensorflow.
 *
 * @param {Project} project
 * @param {string[]} files
 * @throws {TensorflowUnavailable} if one cannot be loaded, say for want of a CPU feature
 */
export async function loadAddons({ env }, files) {
  const program = 'process.stdout.write(process.argv.slice(1).map((file) => require(file))[0].TF_Version)';
  const result = await run(process.execPath, ['-e', program, ...files], {
    env: { ...env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  if (result.status === 0) return result.stdout;
  const illegal = result.signal === 'SIGILL' ? ': the CPU lacks instructions it needs, such as AVX' : '';
  throw new TensorflowUnavailable(
    `libtensorflow cannot be loaded (${failureLine(result, /^\w*Error: /)}${illegal})`,
    'mend that, or set TF_LIBRARY_DIR to a libtensorflow for this machine, and run this again',
  );
}

/**
 * Where the npm package looks for its addon, and where our own is; both look for libtensorflow from there.
 *
 * @param {string} root
 * @param {Addon} addon
 */
export function installedAddon(root, { file }) {
  return join(root, ...NPM_PACKAGE, 'lib', 'napi-v8', file);
}

/**
 * Where installed addons find libtensorflow, and where its headers are.
 *
 * @param {string} root
 */
export function installedLibrary(root) {
  const deps = join(root, ...NPM_PACKAGE, 'deps');
  return { lib: join(deps, 'lib'), include: join(deps, 'include') };
}
