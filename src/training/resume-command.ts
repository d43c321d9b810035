/** @file The shell commands for a run that has ended. */
import { KD } from '../base/own-command.js';
import { shellQuote } from '../base/shell.js';
import { runArgument } from '../runs/run-names.js';

/**
 * The shell command that resumes a run.
 *
 * @param step the checkpoint's; the newest if absent
 */
export function resumeCommand(folder: string, step?: number): string {
  const name = step === undefined ? runArgument(folder) : `${runArgument(folder)}:${step}`;
  return `${KD} train --resume ${shellQuote(name)}`;
}

/** The shell command that writes a run's report. */
export function reportCommand(folder: string): string {
  return `${KD} report ${shellQuote(runArgument(folder))}`;
}
