#!/usr/bin/env node
/**
 * Makes a clone ready to run: npm packages, TensorFlow, the `kd` command and the compiled sources.
 *
 * `npm start` and `npm test` call this first. It needs no packages itself. Each part first looks whether its work
 * is done, so a call on a ready clone prints nothing and costs about as much as starting Node. A part that was
 * interrupted, however rudely, is not ready, and the next call does it again.
 *
 *   node scripts/setup.mjs [--quiet] [--device auto|gpu|cpu] [--cuda wheels|system] [--from <folder>]
 *   node scripts/setup.mjs --bundle <folder> [--piece-size 1G] [--slim] [--node] [--device …] [--cuda …]
 *
 * --device: which TensorFlow. auto: the one for NVIDIA GPUs if one is found.
 * --cuda: where CUDA comes from: NVIDIA's wheels are downloaded, or the system has CUDA 12 and cuDNN 9.
 * Both are remembered. KD_SETUP_QUIET=1, KD_SETUP_DEVICE and KD_SETUP_CUDA have the same effect as the flags.
 *
 * --bundle: writes what set-up needs into a folder, for machines without a network (docs/install.md).
 * --from: sets up from such a folder; so does KD_SETUP_FROM.
 * --sources: only compiles the sources; npm calls this before it packs a clone.
 *
 * In an installed package, which is not a clone, everything happens in the user's cache (scripts/setup/home.mjs).
 *
 * Exit status 0: `kd` can run, on TensorFlow or, if that is not available, on tfjs's pure-JavaScript backend, after a
 * line that says why. 1: it cannot run, and one line says why.
 */
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeBundle } from './setup/bundle/make.mjs';
import { openBundle } from './setup/bundle/open.mjs';
import { readChoice, USAGE } from './setup/choice.mjs';
import * as command from './setup/command.mjs';
import { asSetupError, SetupError } from './setup/errors.mjs';
import { isClone, makeHome } from './setup/home.mjs';
import { withLock } from './setup/lock.mjs';
import * as packages from './setup/packages.mjs';
import * as packaging from './setup/packaging.mjs';
import { waitFor } from './setup/progress.mjs';
import { createProject } from './setup/project.mjs';
import * as sources from './setup/sources.mjs';
import * as tensorflow from './setup/tensorflow.mjs';

/** @import { Request } from './setup/choice.mjs' */
/** @import { Project, ProjectOptions } from './setup/project.mjs' */
/**
 * A part of set-up.
 *
 * @typedef {object} Part
 * @property {(project: Project) => boolean | Promise<boolean>} isReady whether its work is done
 * @property {(project: Project, lock?: number) => Promise<void>} prepare does it
 */

/**
 * The order matters: TensorFlow's addon is built from the packages, and one of them compiles the sources.
 *
 * @type {readonly Part[]}
 */
const PARTS = [packages, tensorflow, command, sources, packaging];

/** What is done before a clone is packed: npm has brought the packages.
 *
 * @type {readonly Part[]}
 */
const SOURCES = [sources, packaging];

/**
 * Brings every part of `project` up to date; throws `SetupError` for anything that `kd` cannot run without.
 *
 * @param {Project} project
 * @param {readonly Part[]} [parts]
 */
export async function setUp(project, parts = PARTS) {
  if (await isReady(project, parts)) return;
  await withLock(
    project.root,
    (who) => waitFor(project, `${who} of this folder is at work`),
    async (lock) => {
      for (const part of parts) {
        if (!(await part.isReady(project))) await part.prepare(project, lock);
      }
    },
  );
}

/**
 * @param {Project} project
 * @param {readonly Part[]} parts
 */
async function isReady(project, parts) {
  for (const part of parts) {
    if (!(await part.isReady(project))) return false;
  }
  return true;
}

/**
 * Makes a bundle, or sets up from the network or from a bundle.
 *
 * @param {ProjectOptions} options
 * @param {Request} request
 * @throws {SetupError} on one line
 */
export async function answer(options, { bundle, from, sources: onlySources, device, ...rest }) {
  try {
    if (bundle !== undefined)
      return await makeBundle(
        createProject({ ...options, ...rest, device, slim: bundle.slim, bundleFolder: bundle.folder }),
        bundle,
      );
    const project = createProject({ ...options, ...rest, device });
    if (onlySources === true) return await setUp(project, SOURCES);
    return await setUp(from === undefined ? project : fromBundle(project, from));
  } catch (error) {
    throw asSetupError(error, from === undefined ? '' : `--from ${from}: `);
  }
}

/**
 * The project, to be set up from the bundle in `folder`, which determines the device.
 *
 * @param {Project} project
 * @param {string} folder
 * @returns {Project}
 */
function fromBundle(project, folder) {
  if (project.env.TF_LIBRARY_DIR)
    throw new SetupError(`--from ${folder}: TF_LIBRARY_DIR is set, and names another libtensorflow; unset one of them`);
  const bundle = openBundle(folder, project);
  const { device, cuda, slim } = bundle;
  if (project.device !== undefined && project.device !== 'auto' && project.device !== device)
    throw new SetupError(
      `--from ${folder}: a bundle of the ${device === 'gpu' ? 'GPU' : 'CPU'} build, and --device ` +
        `${project.device} was asked for; make one with \`npm run setup -- --bundle <folder> --device ` +
        `${project.device}\``,
    );
  return { ...project, bundle, device, cuda, slim };
}

/**
 * Does what the arguments and the environment ask for; `kd setup` calls this, too.
 *
 * @param {string[]} args
 * @throws {SetupError} on one line
 */
export async function answerArguments(args) {
  const folder = dirname(dirname(fileURLToPath(import.meta.url)));
  const request = readChoice(args, process.env);
  const root = isClone(folder) ? folder : await makeHome(folder, process.env);
  await answer({ root, env: process.env }, request);
}

/**
 * Runs set-up as a program, and reports errors on one line.
 *
 * @param {string[]} args
 */
export async function main(args) {
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  try {
    await answerArguments(args);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`error: kd set-up: ${error.message}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  await main(process.argv.slice(2));
