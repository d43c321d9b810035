import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { SetupError } from './errors.mjs';
import { failureLine, NOT_FOUND, run } from './processes.mjs';

/** @import { Command, Env, Result } from './processes.mjs' */
/** @import { Project } from './project.mjs' */

const UNREACHABLE = /E?(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNECTIONTIMEOUT|NETUNREACH|HOSTUNREACH|NOTCACHED)\b/;
/** The network failed in the middle. npm keeps what it has got, so that the next attempt continues. */
const INTERRUPTED = /E?(CONNRESET|TIMEDOUT|IDLETIMEOUT|RESPONSETIMEOUT|TRANSFERTIMEOUT|SOCKET_TIMEOUT)\b/;
const FULL_DISK = /\b(ENOSPC|EDQUOT)\b/;
const ATTEMPTS = 3;

/**
 * NODE_ENV=production and omit=dev would leave out the compiler and headers that set-up itself needs; `npm start` with
 * `--silent` would keep npm from saying what went wrong; and npm's waits between attempts add up to over a minute. It
 * would also wait for five minutes for a registry that has stopped sending, and then give up.
 */
const INSTALL = [
  ...['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--prefer-offline', '--no-audit', '--no-fund'],
  ...['--loglevel=error', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=4000', '--fetch-timeout=60000'],
];

/**
 * Has npm install the packages of package-lock.json, without running their install scripts; again, if the network fails
 * in the middle.
 *
 * @param {Project} project
 * @param {number} [lock]
 * @throws {SetupError} if npm fails, in a line that says what to do
 */
export async function installPackages({ root, env, say }, lock) {
  const [command, ...args] = npmCommand(env);
  for (let attempt = 1; ; attempt++) {
    const result = await run(command, [...args, ...INSTALL], { cwd: root, env, lock });
    if (result.status === 0) return;
    const failure = INTERRUPTED.exec(result.stderr);
    if (failure === null || attempt === ATTEMPTS) throw new SetupError(installFailure(root, result));
    say(`npm packages: the npm registry does not answer (${failure[0]}): attempt ${attempt + 1} of ${ATTEMPTS} …`);
  }
}

/**
 * The npm that is running this script, if any, otherwise the one on PATH.
 *
 * @param {Env} env
 * @returns {Command}
 */
function npmCommand(env) {
  const runner = env.npm_execpath;
  const isNpm = runner !== undefined && basename(runner) === 'npm-cli.js' && existsSync(runner);
  return isNpm ? [process.execPath, runner] : ['npm'];
}

/**
 * @param {string} root
 * @param {Result} result
 */
function installFailure(root, result) {
  if (result.status === NOT_FOUND) return 'npm is missing: install it, with Node.js 20 or newer, and run this again';
  const network = UNREACHABLE.exec(result.stderr);
  if (network !== null) {
    return (
      `the npm packages are missing and the npm registry cannot be reached (${network[0]}): ` +
      'connect to the network and run this again'
    );
  }
  const interrupted = INTERRUPTED.exec(result.stderr);
  if (interrupted !== null)
    return (
      `the npm packages are missing and the npm registry did not answer, ${ATTEMPTS} times (${interrupted[0]}): ` +
      'run this again, which continues with what has been downloaded'
    );
  const full = FULL_DISK.exec(result.stderr);
  if (full !== null)
    return (
      `the npm packages cannot be installed, for the disk is full (npm ci: ${full[0]}): make room in ${root} and in ` +
      "npm's cache (npm config get cache), and run this again"
    );
  const line = failureLine(result, /^npm (error|ERR!) (?!code )/).replace(/^npm (error|ERR!) /, '');
  return `the npm packages cannot be installed (npm ci: ${line}): mend that and run this again`;
}
