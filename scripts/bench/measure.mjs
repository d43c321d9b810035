/** Measurements in processes of their own, in turn, and what is made of their numbers. */
import { spawnSync } from 'node:child_process';

/**
 * The last line that a process prints, as JSON.
 *
 * @param {string} command
 * @param {string[]} args
 */
export function measure(command, args) {
  return JSON.parse(run(command, args).trim().split('\n').at(-1) ?? '');
}

/**
 * Runs a process to its end, and gives what it printed.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 */
export function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  return stdout;
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

/**
 * A Markdown table.
 *
 * @param {readonly string[]} header
 * @param {readonly (readonly (string | number)[])[]} rows
 */
export function markdownTable(header, rows) {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
