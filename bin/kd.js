#!/usr/bin/env node
import { closeSync, existsSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/cli.js', import.meta.url);
if (existsSync(built)) {
  try {
    await load();
  } catch (error) {
    const line = lineOf(error);
    if (line === undefined) throw error;
    process.stderr.write(`error: ${line}\n`);
    process.exitCode = 1;
  }
} else {
  process.stderr.write(
    'kd: expected the built sources in dist/, found none; run `npm run setup` in the folder of kd\n',
  );
  process.exitCode = 1;
}

/** Loads the command. `require` opens one file after the other, where `import` opens hundreds at once. */
async function load() {
  try {
    createRequire(import.meta.url)(fileURLToPath(built));
  } catch (error) {
    if (!/^ERR_REQUIRE_(ESM|ASYNC_MODULE)$/.test(factsOf(error).code ?? '')) throw error;
    await import(built.href);
  }
}

/**
 * What the system, or an unfinished installation, refused while the command was loaded, in one line; undefined for a
 * bug.
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
  if (/MODULE_NOT_FOUND$/.test(code)) return `kd: ${message}; run \`npm run setup\` in the folder of kd`;
  return syscall === undefined ? undefined : message;
}

/**
 * What Node says of what was refused.
 *
 * @param {unknown} error
 * @returns {Partial<NodeJS.ErrnoException>}
 */
function factsOf(error) {
  return typeof error === 'object' && error !== null ? error : {};
}

/** Whether a few more files can be opened: packages say otherwise in words of their own that they could not be. */
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
