/** @file The library, as programs import it: from a clone, or from where an installed kd was set up. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { homeOf, isClone, isHomeReady } from '../scripts/setup/home.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const home = isClone(root) ? root : homeOf(root, process.env);
if (!existsSync(join(home, 'dist', 'index.js')) || (home !== root && !isHomeReady(home)))
  throw new Error('kd: not set up yet; run `npx kd setup` once, which brings its packages and TensorFlow');

/** @type {typeof import('../dist/index.js')} */
const library = await import(pathToFileURL(join(home, 'dist', 'index.js')).href);

export const {
  prepare,
  train,
  evaluate,
  encode,
  exportStudent,
  generate,
  generateGrid,
  RECIPES,
  InputError,
  DamagedArchiveError,
  UnreadableFileError,
  DeviceFailedError,
  NotFiniteStepError,
  NotPointedAtError,
  CheckpointRemovedError,
  NotSavedError,
  OutOfMemoryError,
} = library;
