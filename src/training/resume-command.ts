/** @file The shell commands for a run that has ended. */
import { basename, dirname, relative, resolve } from 'node:path';
import { KD } from '../base/own-command.js';
import { shellQuote } from '../base/shell.js';
import { RUNS_FOLDER } from '../runs/run-names.js';

/**
 * The shell command that resumes a run.
 *
 * @param step the checkpoint's; the newest if absent
 */
export function resumeCommand(folder: string, step?: number): string {
  const name = step === undefined ? nameOf(folder) : `${nameOf(folder)}:${step}`;
  return `${KD} train --resume ${shellQuote(name)}`;
}

/** The shell command that writes a run's report. */
export function reportCommand(folder: string): string {
  return `${KD} report ${shellQuote(nameOf(folder))}`;
}

/** What a run is called on the command line: its name alone if it is under `checkpoints/`, otherwise its folder. */
function nameOf(folder: string): string {
  const path = relative('.', folder);
  if (resolve(dirname(folder)) === resolve(RUNS_FOLDER)) return basename(folder);
  return path.includes('/') ? path : `./${path}`;
}
