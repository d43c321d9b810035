import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceText } from './links.mjs';

/** @import { Project } from './project.mjs' */

const LOCK = 'package-lock.json';

/**
 * Whether dist/ holds the lock file: npm never packs it, and an installed kd takes its packages from it.
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
 * Puts the lock file beside the compiled sources.
 *
 * @param {Project} project
 */
export async function prepare({ root }) {
  replaceText(join(root, 'dist', LOCK), readFileSync(join(root, LOCK), 'utf8'));
}
