/** @file What `kd eval` does. */
import { InputError } from '../../base/errors.js';
import { textTable } from '../../evaluate/table-text.js';
import type { Output } from '../../app/output.js';
import { evaluateModels } from '../../app/evaluation/evaluate-models.js';
import type { EvaluationRequest } from '../../app/evaluation/evaluation-request.js';
import { checkOutputs, keepResults, tablesOf, writeResults } from './results.js';

/** The flags of `kd eval`. */
export interface EvalFlags extends EvaluationRequest {
  readonly out: readonly string[];
}

/** Evaluates models and prints and writes their scores. */
export async function evaluate(flags: EvalFlags, output: Output): Promise<void> {
  if (!flags.pairs && flags.sts.length === 0)
    throw new InputError('--no-pairs: expected files of judged pairs instead, got none; name them with --sts');
  await checkOutputs(flags.out);
  const { results, runs } = await evaluateModels(flags, output);
  output.result(
    tablesOf(results)
      .map((table) => textTable(table, output.columns))
      .join('\n\n'),
    { event: 'evaluation', ...results },
  );
  await writeResults(flags.out, results, output);
  await keepResults(runs, results, output);
}
