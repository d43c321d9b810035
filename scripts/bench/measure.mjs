/** Measurements in processes of their own, in turn, and what is made of their numbers. */
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';

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

/**
 * Measures every way once a round, so that what else the machine does falls on all alike. Adds to the ways' results,
 * and tells of each on standard error at once: a later one may fail.
 *
 * @template Result
 * @template {{ name: string, results: Result[] }} Way
 * @param {readonly Way[]} ways
 * @param {number} rounds
 * @param {(way: Way, round: number) => Result | Promise<Result>} measureOne rounds count from 1
 * @param {(result: Result) => string} describe
 */
export async function measureInTurn(ways, rounds, measureOne, describe) {
  for (let round = 1; round <= rounds; round++)
    for (const way of ways) {
      const result = await measureOne(way, round);
      way.results.push(result);
      process.stderr.write(`round ${round}/${rounds}: ${way.name}: ${describe(result)}\n`);
    }
}

/** What stands above a table: `2 cores, AMD EPYC 7B13`. */
export function machine() {
  return `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}`;
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
