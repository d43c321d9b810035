#!/usr/bin/env node
import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** What the user types. Repeats the rule of src/base/own-command.ts, because dist/ may not exist yet. */
const KD = process.env.npm_command ? 'npx kd' : 'kd';
const isInstalled = !existsSync(join(root, 'package-lock.json'));
const dist = join(await homeFolder(), 'dist');
if (existsSync(join(dist, 'cli.js'))) {
  await load().catch(fail);
} else if (isInstalled && process.argv[2] === 'setup') {
  const { main } = await import('../scripts/setup.mjs');
  await main(process.argv.slice(3));
} else {
  refuse(
    isInstalled
      ? `kd: not set up yet; run \`${KD} setup\` once, which brings its packages and TensorFlow ` +
          `(\`${KD} setup --device cpu\` without a GPU)`
      : 'kd: expected the built sources in dist/, found none; run `npm run setup` in the folder of kd',
  );
}

/**
 * The folder whose dist/ is run: the clone, or where an installed kd was set up; a non-existent folder if it was not.
 */
async function homeFolder() {
  if (!isInstalled) return root;
  const { homeOf, isHomeReady } = await import('../scripts/setup/home.mjs');
  const home = homeOf(root, process.env);
  return isHomeReady(home) ? home : join(home, 'not-ready');
}

/** Loads and runs the command, with `require` where possible (src/base/require-module.ts). */
async function load() {
  /** @type {typeof import('#dist/base/require-module.js')} */
  const { requireModule } = await import(pathToFileURL(join(dist, 'base', 'require-module.js')).href);
  const path = join(dist, 'cli.js');
  requireModule(path);
  /** @type {typeof import('#dist/cli.js')} */
  const cli = await import(pathToFileURL(path).href);
  cli.ended.catch(fail); // not awaited: a process may end before its command does
}

/**
 * Reports that the command cannot be loaded; throws for a bug.
 *
 * @param {unknown} error
 */
function fail(error) {
  const line = lineOf(error);
  if (line === undefined) throw error;
  refuse(line);
}

/**
 * Says why the command cannot run: for people, and with `--json` for programs.
 *
 * @param {string} message
 */
function refuse(message) {
  process.exitCode = 1;
  process.stderr.write(`error: ${message}\n`);
  if (process.argv.includes('--json'))
    process.stdout.write(`${JSON.stringify({ event: 'error', code: 'SYSTEM', message })}\n`);
}

/**
 * A one-line message for an error raised while loading the command, by the system or an incomplete installation;
 * undefined for a bug.
 *
 * @param {unknown} error
 */
function lineOf(error) {
  const { code = '', syscall, message: text } = factsOf(error);
  const message = String(text).replace(/\s*\n\s*/g, ' ');
  if (/\b(EMFILE|ENFILE)\b|too many open files/i.test(message) || !canOpenFiles())
    return 'kd: expected to open more files, but their number is limited; raise the limit: ulimit -n 1024';
  if (syscall === 'uv_cwd')
    return 'the current folder: expected one that is there, but it was removed; change to another';
  if (syscall === 'uv_os_homedir') return 'HOME: expected a home folder, but this user has none; set HOME';
  if (/MODULE_NOT_FOUND$/.test(code))
    return `kd: ${message}; run ${isInstalled ? `\`${KD} setup\`` : '`npm run setup` in the folder of kd'}`;
  return syscall === undefined ? undefined : message;
}

/**
 * An error's properties, as Node sets them.
 *
 * @param {unknown} error
 * @returns {Partial<NodeJS.ErrnoException>}
 */
function factsOf(error) {
  return typeof error === 'object' && error !== null ? error : {};
}

/** Whether more files can be opened. Packages report this failure in their own words, so try it. */
function canOpenFiles() {
  /** @type {number[]} */
  const files = [];
  try {
    while (files.length < 16) files.push(openSync('/dev/null', 'r'));
    return true;
  } catch {
    return false;
  } finally {
    for (const file of files) closeSync(file);
  }
}
