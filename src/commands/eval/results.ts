/** @file Where evaluation results go: files in several formats, and the run folders. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { InputError, messageOf } from '../../base/errors.js';
import type { RunEvaluations } from '../../evaluate/evaluation.js';
import { EVALUATION_FILE, keepEvaluations } from '../../evaluate/evaluation-file.js';
import { resultsCsv } from '../../evaluate/results-csv.js';
import { markdownTables } from '../../evaluate/results-markdown.js';
import type { Table } from '../../evaluate/table.js';
import { pairsTables, stsTable } from '../../evaluate/tables.js';
import { evaluationPage } from '../../report/write-results.js';
import { writeFileAtomic } from '../../base/files.js';
import { indentedJson } from '../../base/indented-json.js';
import { fileError } from '../../base/system-errors.js';
import type { Output } from '../../app/output.js';
import { openRegularFile } from '../../base/regular-file.js';

interface ResultsFormat {
  readonly write: (results: RunEvaluations) => string | Promise<string>;
  /** How a file of this format begins, from this version or an earlier one. */
  readonly beginning: RegExp;
}

/** The formats of a results file, by its extension. */
const FORMATS: Readonly<Record<string, ResultsFormat>> = {
  '.csv': { write: resultsCsv, beginning: /^model,role,source,/ },
  '.md': { write: (results) => markdownTables(tablesOf(results)), beginning: /^### .+\n\n\| model \|/ },
  '.html': {
    write: evaluationPage,
    beginning: /^<!doctype html>[^]*<title>Evaluation<\/title>/,
  },
  '.json': {
    write: indentedJson,
    beginning: /^\{\n {2}"(pairs": \{\n {4}"created"|sts": \[)/,
  },
};

/** How many characters of a file to read before replacing it. */
const BEGINNING = 1000;

function formatOf(path: string): ResultsFormat | undefined {
  return FORMATS[extname(path).toLowerCase()];
}

/** All results as tables. */
export function tablesOf({ pairs, sts }: RunEvaluations): Table[] {
  return [...(pairs === undefined ? [] : pairsTables(pairs)), ...sts.map(stsTable)];
}

/**
 * Checks the names of the output files before the work starts.
 *
 * @throws InputError for an unknown format, a folder that cannot be written to, or an existing file that is not an
 *   earlier result
 */
export async function checkOutputs(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const format = formatOf(path);
    if (format === undefined) {
      throw new InputError(
        `--out ${path}: expected a name that ends in ${Object.keys(FORMATS).join(', ')}, which says the format; ` +
          'name it so',
      );
    }
    await access(dirname(path), constants.W_OK).catch((error: unknown) => {
      throw fileError(path, 'cannot be written', error);
    });
    await checkReplaceable(path, format);
  }
}

/** Refuses to replace anything but an earlier result: the pairs or the judged pairs themselves, for example. */
async function checkReplaceable(path: string, { beginning }: ResultsFormat): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() === true) throw notReplaceable(path, 'a folder');
  if (stats?.isFile() !== true) return;
  const { handle, size } = await openRegularFile(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0);
    if (size === 0 || beginning.test(buffer.toString('utf8', 0, bytesRead))) return;
  } finally {
    await handle.close();
  }
  throw notReplaceable(path, 'another file');
}

function notReplaceable(path: string, found: string): InputError {
  return new InputError(
    `--out ${path}: expected no file yet, or an earlier result of kd eval, got ${found}; name another`,
  );
}

/** Writes the results to files. */
export async function writeResults(paths: readonly string[], results: RunEvaluations, output: Output): Promise<void> {
  for (const path of paths) {
    await writeFileAtomic(path, await formatOf(path)!.write(results));
    output.message(`written: ${path}`);
  }
}

/** Saves the results in the run folders. A failure is only a warning, since the results have been printed. */
export async function keepResults(runs: readonly string[], results: RunEvaluations, output: Output): Promise<void> {
  for (const run of runs) {
    await keepEvaluations(run, results).then(
      () => {
        output.message(`saved: ${run}/${EVALUATION_FILE}`);
      },
      (error: unknown) => {
        output.warn(`not saved in the run: ${messageOf(error)}`);
      },
    );
  }
}
