import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TensorflowUnavailable } from './errors.mjs';
import { replaceText } from './links.mjs';

/** @import { Cuda, Device } from './choice.mjs' */
/** @import { Library } from './libtensorflow.mjs' */

/**
 * What is set up; it stays so until other flags are given.
 *
 * @typedef {{ device: Device, cuda: Cuda, slim?: true }} Choice
 */

/**
 * Why something was not available, and what the user can do about it.
 *
 * @typedef {{ reason: string, remedy: string, attempt?: string | undefined }} Failure
 */

/**
 * An installed TensorFlow.
 *
 * @typedef {object} Installed
 * @property {'tensorflow'} backend
 * @property {'cpu' | 'gpu' | typeof OWN} device
 * @property {{ version: string, path: string }} libtensorflow
 * @property {Library['cuda']} cuda
 * @property {Record<string, { path: string, key: string, compiler?: string | undefined }>} addons by their names, with
 *   the compiler if CXX named one
 */

/** @typedef {{ backend: 'cpu', cost: string } & Failure} LeftOut */
/** @typedef {(Installed | LeftOut) & { choice?: Choice, gpu?: Failure }} Status what an earlier set-up left */

/** For a user's own libtensorflow, whose device is unknown here. */
export const OWN = 'own';

/**
 * What an earlier set-up did; undefined if there was none, or its record is damaged.
 *
 * @param {string} root
 * @returns {Status | undefined}
 */
export function readStatus(root) {
  try {
    return JSON.parse(readFileSync(statusFile(root), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Records what set-up did, for the next one and for `kd doctor`.
 *
 * @param {string} root
 * @param {Status} status
 */
export function writeStatus(root, status) {
  replaceText(statusFile(root), `${JSON.stringify(status, null, 2)}\n`);
}

/** @param {string} root */
function statusFile(root) {
  return join(root, 'node_modules', '.kd-setup.json');
}

/**
 * Throws the recorded error again if this very attempt failed before, since it takes long and would fail in the same
 * way.
 *
 * @param {string} root
 * @param {string} attempt
 */
export function refuseRepetition(root, attempt) {
  const status = readStatus(root);
  const failures = [status?.backend === 'cpu' ? status : undefined, status?.gpu];
  const failed = failures.find((failure) => failure?.attempt === attempt);
  if (failed !== undefined) throw new TensorflowUnavailable(failed.reason, failed.remedy, attempt);
}
