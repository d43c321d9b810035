import { TensorflowUnavailable } from './errors.mjs';
import { findExecutables, run } from './processes.mjs';

/** @import { Command, Env } from './processes.mjs' */
/**
 * A tool's command, or what is missing and the Debian packages that contain it.
 *
 * @template C
 * @typedef {{ command: C } | { missing: string, debian: string }} Tool
 */

/** Older versions cannot choose a wheel for another Python than their own. */
const OLDEST_PIP = 20;

const VERSION_TIMEOUT_MS = 10_000;

/** @type {Command} */
const CXX = ['c++'];

/** Much faster than `python3 -m pip --version`. */
const PRINT_PIP_VERSION = `
try:
    import pip
    print(pip.__version__)
except ImportError:
    print("none")
`;

/**
 * Finds the tools for getting TensorFlow: a Python with pip, and a C++ compiler command. Tools that are not needed are
 * not searched for; their usual names are returned.
 *
 * @param {Env} env
 * @param {{ python: boolean, compiler: boolean }} needed which of them
 * @throws {TensorflowUnavailable} that names all that are missing
 */
export async function findTools(env, needed) {
  const python = needed.python ? await findPython(env) : { command: 'python3' };
  const compiler = needed.compiler ? findCompiler(env) : { command: CXX };
  if ('missing' in python || 'missing' in compiler)
    throw missingTools([python, compiler].filter((tool) => 'missing' in tool));
  return { python: python.command, compiler: compiler.command };
}

/** @param {readonly { missing: string, debian: string }[]} tools */
function missingTools(tools) {
  const reason = tools.map((tool) => tool.missing).join(', and ');
  const packages = tools.map((tool) => tool.debian).join(' ');
  return new TensorflowUnavailable(
    reason,
    `install what is missing (Debian, Ubuntu: apt install ${packages}) and run this again`,
  );
}

/**
 * The first Python on PATH with a usable pip; some are stand-ins that only say what to install.
 *
 * @param {Env} env
 * @returns {Promise<Tool<string>>}
 */
async function findPython(env) {
  let missing = 'Python is missing';
  for (const command of findExecutables(['python3', 'python'], env)) {
    const { status, stdout } = await run(command, ['-c', PRINT_PIP_VERSION], { env });
    if (status !== 0) continue;
    const version = stdout.trim();
    if (Number.parseInt(version) >= OLDEST_PIP) return { command };
    missing = version === 'none' ? 'pip is missing' : `pip ${version} is too old (${OLDEST_PIP} or newer is needed)`;
  }
  return { missing, debian: missing.startsWith('Python') ? 'python3 python3-pip' : 'python3-pip' };
}

/**
 * The identity of the compiler that CXX names, with its flags: what it was called, and what it says of itself.
 * Undefined without CXX, as any compiler will do then, and if there is no such compiler.
 *
 * @param {Env} env
 */
export async function compilerIdentity(env) {
  const tool = env.CXX ? findCompiler(env) : undefined;
  if (tool === undefined || 'missing' in tool) return undefined;
  const [command, ...args] = tool.command;
  const { stdout } = await run(command, [...args, '--version'], { env, timeout: VERSION_TIMEOUT_MS });
  return `${tool.command.join(' ')}\n${stdout}`;
}

/**
 * The compiler. CXX may contain a whole command line, such as `ccache g++`.
 *
 * @param {Env} env
 * @returns {Tool<Command>}
 */
function findCompiler(env) {
  const names = env.CXX ? [env.CXX] : ['g++', 'c++', 'clang++'];
  for (const name of names) {
    const [command = '', ...args] = name.trim().split(/\s+/);
    const [file] = findExecutables([command], env);
    if (file !== undefined) return { command: [file, ...args] };
  }
  return {
    missing: env.CXX ? `the C++ compiler of CXX (${env.CXX}) is missing` : 'a C++ compiler is missing',
    debian: 'g++',
  };
}
