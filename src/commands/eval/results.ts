/** @file Where the results of a comparison go: files of several formats, and the folders of the runs. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { InputError, messageOf } from '../../base/errors.js';
import type { PairsEvaluation, RunEvaluations } from '../../evaluate/evaluation.js';
import { EVALUATION_FILE, keepEvaluations } from '../../evaluate/evaluation-file.js';
import { resultsCsv } from '../../evaluate/results-csv.js';
import { markdownTables } from '../../evaluate/results-markdown.js';
import { resultsPage } from '../../evaluate/results-page.js';
import type { Table } from '../../evaluate/table.js';
import { pairsTables, stsTable } from '../../evaluate/tables.js';
import { fileError, writeFileAtomic } from '../../base/files.js';
import type { Output } from '../../app/output.js';
import { formatCount } from '../../base/format.js';
import { openRegularFile } from '../../base/regular-file.js';

interface ResultsFormat {
  readonly write: (results: RunEvaluations) => string;
  /** What such a file of this or an earlier version begins with. */
  readonly beginning: RegExp;
}

const TITLE = 'Evaluation';

/** The formats of a results file, by its extension. */
const FORMATS: Readonly<Record<string, ResultsFormat>> = {
  '.csv': { write: resultsCsv, beginning: /^model,role,source,/ },
  '.md': { write: (results) => markdownTables(tablesOf(results)), beginning: /^### .+\n\n\| model \|/ },
  '.html': {
    write: (results) => resultsPage(TITLE, factsOf(results), tablesOf(results)),
    beginning: new RegExp(`^<!doctype html>[^]*<title>${TITLE}</title>`),
  },
  '.json': {
    write: (results) => `${JSON.stringify(results, null, 2)}\n`,
    beginning: /^\{\n {2}"(pairs": \{\n {4}"created"|sts": \[)/,
  },
};

/** Characters that are looked at, of a file that would be replaced. */
const BEGINNING = 1000;

function formatOf(path: string): ResultsFormat | undefined {
  return FORMATS[extname(path).toLowerCase()];
}

/** The tables of all results. */
export function tablesOf({ pairs, sts }: RunEvaluations): Table[] {
  return [...(pairs === undefined ? [] : pairsTables(pairs)), ...sts.map(stsTable)];
}

/**
 * Checks the names of results before the work, not after.
 *
 * @throws InputError for one of no known format, in a folder that cannot be written to, or of a file that is no earlier
 *   result
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

/** Refuses to replace what is no earlier result: the pairs or the judged pairs themselves, for example. */
async function checkReplaceable(path: string, { beginning }: ResultsFormat): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isFile() !== true) return;
  const { handle, size } = await openRegularFile(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0);
    if (size === 0 || beginning.test(buffer.toString('utf8', 0, bytesRead))) return;
  } finally {
    await handle.close();
  }
  throw new InputError(
    `--out ${path}: expected no file yet, or an earlier result of kd eval, got another file; name another`,
  );
}

/** Writes the results to files. */
export async function writeResults(paths: readonly string[], results: RunEvaluations, output: Output): Promise<void> {
  for (const path of paths) {
    await writeFileAtomic(path, formatOf(path)!.write(results));
    output.message(`written: ${path}`);
  }
}

/** Keeps the results in the folders of runs. Failing to is only a warning, since they have been printed. */
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
  const { tensorflow, device, precision } = setting!.engine;
  return [
    ...(pairs === undefined ? [] : [dataFact(pairs)]),
    `${setting!.created.slice(0, 16).replace('T', ' ')} UTC, kd ${setting!.kd}, ` +
      `${tensorflow === null ? 'tfjs (JavaScript)' : `TensorFlow ${tensorflow}`}, ${device}, ` +
      (precision === 'bf16' ? 'bfloat16' : 'float32'),
  ];
}

function dataFact({ data }: PairsEvaluation): string {
  const part = data.pairs === data.available ? '' : ` of ${formatCount(data.available)}`;
  return (
    `${formatCount(data.pairs)}${part} ${data.split === 'validation' ? 'validation pairs' : 'pairs'} from ` +
    data.source
  );
}
