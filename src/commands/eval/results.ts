/** @file Where the results of a comparison go: files of several formats, and the folders of the runs. */
import { access, constants } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { InputError, messageOf } from '../../errors.js';
import type { PairsEvaluation, RunEvaluations } from '../../evaluate/evaluation.js';
import { EVALUATION_FILE, keepEvaluations } from '../../evaluate/evaluation-file.js';
import { resultsCsv } from '../../evaluate/results-csv.js';
import { markdownTables } from '../../evaluate/results-markdown.js';
import { resultsPage } from '../../evaluate/results-page.js';
import type { Table } from '../../evaluate/table.js';
import { pairsTables, stsTable } from '../../evaluate/tables.js';
import { fileError, writeFileAtomic } from '../../files.js';
import type { Output } from '../console.js';
import { formatCount } from '../../format.js';

/** What a results file may be, by the end of its name. */
const FORMATS: Readonly<Record<string, (results: RunEvaluations) => string>> = {
  '.csv': resultsCsv,
  '.md': (results) => markdownTables(tablesOf(results)),
  '.html': (results) => resultsPage('Evaluation', factsOf(results), tablesOf(results)),
  '.json': (results) => `${JSON.stringify(results, null, 2)}\n`,
};

/** The tables of all results. */
export function tablesOf({ pairs, sts }: RunEvaluations): Table[] {
  return [...(pairs === undefined ? [] : pairsTables(pairs)), ...sts.map(stsTable)];
}

/** Throws an `InputError` for a file of no known format, or in a folder that cannot be written to: before the work, not after. */
export async function checkOutputs(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (FORMATS[extname(path).toLowerCase()] === undefined) {
      throw new InputError(
        `--out ${path}: expected a name that ends in ${Object.keys(FORMATS).join(', ')}, which says the format; name it so`,
      );
    }
    await access(dirname(path), constants.W_OK).catch((error: unknown) => {
      throw fileError(path, 'cannot be written', error);
    });
  }
}

/** Writes the results to files. */
export async function writeResults(paths: readonly string[], results: RunEvaluations, output: Output): Promise<void> {
  for (const path of paths) {
    await writeFileAtomic(path, FORMATS[extname(path).toLowerCase()](results));
    output.message(`written: ${path}`);
  }
}

/** Keeps the results in the folders of runs. They have been shown: where that fails, it is said and no more. */
export async function keepResults(runs: readonly string[], results: RunEvaluations, output: Output): Promise<void> {
  for (const run of runs) {
    await keepEvaluations(run, results).then(
      () => {
        output.message(`kept: ${run}/${EVALUATION_FILE}`);
      },
      (error: unknown) => {
        output.warn(`not kept in the run: ${messageOf(error)}`);
      },
    );
  }
}

function factsOf({ pairs, sts }: RunEvaluations): string[] {
  const setting = pairs ?? sts[0];
  const { tensorflow, device } = setting.engine;
  return [
    ...(pairs === undefined ? [] : [dataFact(pairs)]),
    `${setting.created.slice(0, 16).replace('T', ' ')} UTC, kd ${setting.kd}, ${tensorflow === null ? 'tfjs (JavaScript)' : `TensorFlow ${tensorflow}`}, ${device}, float32`,
  ];
}

function dataFact({ data }: PairsEvaluation): string {
  const part = data.pairs === data.available ? '' : ` of ${formatCount(data.available)}`;
  return `${formatCount(data.pairs)}${part} ${data.split === 'validation' ? 'validation pairs' : 'pairs'} from ${data.source}`;
}
