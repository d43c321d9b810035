import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { stopwatch } from './amounts.mjs';
import { codeOf, SetupError } from './errors.mjs';
import { replaceText } from './links.mjs';
import { run } from './processes.mjs';
import { withProgress } from './progress.mjs';

/** @import { BuildOptions } from 'esbuild' */
/** @import { Project } from './project.mjs' */

const STAMP = '.sources';
const EMITTED = /^TSFILE: (.*)$/;

/** The browser code: its own files in src/, one script and one style sheet in dist/. */
const PAGE = { source: 'src/report/browser', script: 'dist/report/browser.js', style: 'dist/report/browser.css' };

/**
 * Whether dist/ was compiled from the current sources, if there are sources.
 *
 * @param {Project} project
 */
export function isReady({ root }) {
  if (!existsSync(join(root, 'src'))) return true; // an installed kd is already compiled
  try {
    return readFileSync(join(root, 'dist', STAMP), 'utf8') === fingerprint(root);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Compiles src/ into dist/, bundles the report's page, and removes what earlier builds left there; throws `SetupError`
 * with tsc's messages.
 *
 * @param {Project} project
 * @param {number} [lock]
 */
export async function prepare(project, lock) {
  const elapsed = stopwatch();
  project.say('TypeScript: compiling …');
  await withProgress(project, 'TypeScript: compiling', () => compile(project, lock));
  project.say(`TypeScript: compiled in ${elapsed()}`);
}

/**
 * @param {Project} project
 * @param {number} [lock]
 */
async function compile({ root, env, terminal }, lock) {
  const dist = join(root, 'dist');
  rmSync(join(dist, STAMP), { force: true });
  const compiled = fingerprint(root);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--listEmittedFiles', '--pretty', String(terminal)];
  const { status, stdout, stderr } = await run(process.execPath, args, { cwd: root, env, lock });
  const lines = stdout.split('\n');
  if (status !== 0) {
    const messages = lines.filter((line) => line !== '' && !EMITTED.test(line)).join('\n');
    throw new SetupError(`the TypeScript sources do not compile:\n${messages}${stderr}`);
  }
  const bundled = existsSync(join(root, PAGE.source)) ? await bundlePage(root) : [];
  const emitted = new Set(
    [...lines.flatMap((line) => EMITTED.exec(line)?.[1] ?? []), ...bundled].map((file) => resolve(root, file)),
  );
  for (const file of filesUnder(dist)) {
    if (!emitted.has(file)) rmSync(file);
  }
  replaceText(join(dist, STAMP), compiled);
}

/**
 * Bundles the page's script with the chart library, and its style sheet, into a file each.
 *
 * @param {string} root
 */
async function bundlePage(root) {
  const { build } = await import('esbuild');
  /** @type {BuildOptions} */
  const common = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    charset: 'utf8',
    legalComments: 'eof',
    logLevel: 'silent',
  };
  try {
    await build({
      ...common,
      entryPoints: [`${PAGE.source}/index.ts`],
      outfile: PAGE.script,
      format: 'iife',
      target: 'es2022',
    });
    await build({ ...common, entryPoints: [`${PAGE.source}/style.css`], outfile: PAGE.style });
  } catch (error) {
    throw new SetupError(`the report's page cannot be bundled:\n${error instanceof Error ? error.message : error}`);
  }
  return [PAGE.script, PAGE.style];
}

/**
 * A key that changes when a source or a setting is edited, added, removed or replaced by an older one.
 *
 * @param {string} root
 */
function fingerprint(root) {
  const files = [...filesUnder(join(root, 'src')), join(root, 'tsconfig.json'), join(root, 'tsconfig.build.json')];
  const facts = files.map((file) => {
    const { size, mtimeMs } = statSync(file);
    return `${relative(root, file)} ${size} ${mtimeMs}`;
  });
  return `${createHash('sha256').update(facts.join('\n')).digest('hex')}\n`;
}

/** @param {string} folder */
function filesUnder(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
