import { mkdirSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceLink } from './links.mjs';

/** @import { Project } from './project.mjs' */

/**
 * Where npm puts the command of an installed package. `npm ci` makes no link for the project's own command, and without
 * one `npx kd` would look for a package of that name. (`npm install -g .` does not need this: it links the clone itself
 * into the global folder, with its packages and TensorFlow.)
 */
const LINK = ['node_modules', '.bin', 'kd'];
const TARGET = join('..', '..', 'bin', 'kd.js');

/**
 * Whether `npx kd` finds the clone's own command.
 *
 * @param {Project} project
 */
export function isReady({ root, host }) {
  if (host.platform === 'win32') return true;
  try {
    return readlinkSync(join(root, ...LINK)) === TARGET;
  } catch {
    return false;
  }
}

/**
 * Links the command into node_modules/.bin.
 *
 * @param {Project} project
 */
export async function prepare({ root }) {
  const link = join(root, ...LINK);
  mkdirSync(dirname(link), { recursive: true });
  replaceLink(link, TARGET);
}
