/** @file The runs of an evaluation by names that stay true. */
import { basename, dirname } from 'node:path';
import type { ModelFacts, RunEvaluations } from '../evaluate/evaluation.js';
import { isStepName, NEWEST } from '../runs/run-names.js';

/** Evaluations in which `roberta`, the newest run when they were made, has the name of that run. */
export function withRunNames({ pairs, sts }: RunEvaluations): RunEvaluations {
  return { ...(pairs === undefined ? {} : { pairs: withRunName(pairs) }), sts: sts.map(withRunName) };
}

function withRunName<
  Evaluation extends { readonly teacher?: string; readonly models: readonly Pick<ModelFacts, 'name' | 'source'>[] },
>(evaluation: Evaluation): Evaluation {
  const { teacher, models } = evaluation;
  const source = models.find(({ name }) => name === NEWEST)?.source ?? '';
  const run = basename(dirname(source));
  if (!isStepName(basename(source)) || models.some(({ name }) => name === run)) return evaluation;
  const renamed = (name: string): string =>
    name === NEWEST || name.startsWith(`${NEWEST} (`) ? run + name.slice(NEWEST.length) : name;
  return {
    ...evaluation,
    ...(teacher === undefined ? {} : { teacher: renamed(teacher) }),
    models: models.map((model) => ({ ...model, name: renamed(model.name) })),
  };
}
