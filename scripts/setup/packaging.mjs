import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceText } from './links.mjs';

/** @import { Project } from './project.mjs' */

const LOCK = 'package-lock.json';

/**
 * Whether dist/ has the lock file, which npm never packs, and from which an installed kd gets its packages.
 *
 * @param {Project} project
 */
export function isReady({ root }) {
  try {
    return readFileSync(join(root, 'dist', LOCK), 'utf8') === readFileSync(join(root, LOCK), 'utf8');
  } catch {
    return false;
  }
}

/**
 * Copies the lock file beside the compiled sources.
 *
 * @param {Project} project
 */
export async function prepare({ root }) {
  mkdirSync(join(root, 'dist'), { recursive: true }); // it is not there before the sources are
  replaceText(join(root, 'dist', LOCK), readFileSync(join(root, LOCK), 'utf8'));
}
