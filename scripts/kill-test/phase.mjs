/** The phase of a run, derived from its folder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {'inStart' | 'inSave' | 'inValidation'} Phase what was going on */
/** @typedef {{ steps_per_epoch: number }} Plan what a run says that it will do */

/**
 * The phase of a run, derived from its folder.
 *
 * @param {string} run
 * @param {Plan | undefined} plan
 * @returns {Phase[]}
 */
export function phaseOf(run, plan) {
  if (plan === undefined || !existsSync(run)) return ['inStart'];
  const [step, validated] = [lastStep(join(run, 'loss.csv')), lastStep(join(run, 'validation.csv'))];
  const isSaving = readdirSync(run).some((file) => file.startsWith('.tmp-') || file.startsWith('.replaced-'));
  const isValidating = (step % plan.steps_per_epoch === 0 && validated < step) || validated === -1;
  /** @type {Phase[]} */
  const phases = [];
  if (isSaving) phases.push('inSave');
  if (isValidating) phases.push('inValidation');
  return phases;
}

/**
 * The step in a log's last line; without any line, 0 for losses and -1 for validations.
 *
 * @param {string} path
 */
function lastStep(path) {
  const before = path.endsWith('validation.csv') ? -1 : 0;
  if (!existsSync(path)) return before;
  const step = Number(readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)?.split(',')[0]);
  return Number.isNaN(step) ? before : step;
}
