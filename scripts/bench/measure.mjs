/** Runs measurements in separate processes, in turn, and summarises the results. */
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
 * Runs a process to its end, and returns its output.
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
 * Measures every variant once per round, so that other load on the machine affects all alike. Adds to their results,
 * and reports each on standard error at once, since a later one may fail.
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

/** The heading of a table: `2 cores, AMD EPYC 7B13`. */
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
