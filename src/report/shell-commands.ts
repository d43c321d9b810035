/** @file The command lines that pages show. They call kd as the user did, who types them in the same folder. */
import { join, relative } from 'node:path';
import { KD } from '../base/own-command.js';
import { shellCommand } from '../base/shell.js';
import { RUN_CONFIG } from '../runs/run-names.js';

/** Trains a run. */
export const TRAIN_COMMAND = `${KD} train`;

/** Trains another run with the settings of the one in `folder`. */
export function repeatCommand(folder: string): string {
  return `${TRAIN_COMMAND} ${shellCommand(['--config', relative('.', join(folder, RUN_CONFIG))])}`;
}

/** Compares models. */
export function evaluateCommand(names: readonly string[]): string {
  return `${KD} eval ${shellCommand(['--compare', names.join(',')])}`;
}
