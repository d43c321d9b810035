/** @file Everything a run needs before its first step: both models, both tokenizers, the pairs as batches. */
import { readFileSync } from 'node:fs';
import type { Batches } from '../../data/batches.js';
import { InputError } from '../../errors.js';
import { checkFit } from '../../models/pretrained.js';
import { countParameters } from '../../models/text-encoder.js';
import { MAX_LENGTH } from '../../text/tokenizer.js';
import type { Output } from '../console.js';
import { openDataset, type Dataset } from './dataset.js';
import { describeModel, openRunModel, type RunModel } from './models.js';
import type { TrainSettings } from './settings.js';

/** A run that can begin. */
export interface PreparedRun {
  readonly settings: TrainSettings;
  readonly teacher: RunModel;
  readonly student: RunModel;
  readonly data: { readonly training: Batches; readonly validation: Batches };
  /** The contents of the run's `config.json`. */
  readonly description: object;
}

/**
 * Opens models and data, and checks that they go together.
 *
 * @param mayLackWeights for a dry run: a published model that cannot be reached is replaced by random weights of its shape
 */
export async function prepareRun(settings: TrainSettings, output: Output, { mayLackWeights }: { readonly mayLackWeights: boolean }): Promise<PreparedRun> {
  const teacher = await openRunModel('teacher', settings, output, mayLackWeights);
  const student = await openRunModel('student', settings, output, mayLackWeights);
  checkFit(teacher.model.encoder, student.model.encoder, MAX_LENGTH);
  for (const model of [teacher, student]) {
    checkVocabulary(model);
    output.message(describeModel(model));
  }
  const dataset = await openDataset(settings, { teacher, student }, output);
  return { settings, teacher, student, data: dataset, description: describeRun(settings, teacher, student, dataset) };
}

/** Every id that the tokenizer gives must have an embedding. */
function checkVocabulary({ role, source, model, tokenizer }: RunModel): void {
  const { vocabSize } = model.encoder.config;
  if (tokenizer === undefined || tokenizer.vocabSize <= vocabSize) return;
  throw new InputError(
    `--${role} ${source}: expected a tokenizer with at most ${vocabSize} ids, as many as the model has embeddings, got ${tokenizer.vocabSize}; give the model's own tokenizer`,
  );
}

function describeRun(settings: TrainSettings, teacher: RunModel, student: RunModel, dataset: Dataset): object {
  const modelOf = ({ source, model, tokenizer }: RunModel): object => ({
    source,
    parameters: countParameters(model.encoder.shapes),
    config: model.encoder.config,
    tokenizer: tokenizer?.fingerprint,
  });
  return {
    created: new Date().toISOString(),
    settings,
    teacher: modelOf(teacher),
    student: modelOf(student),
    data: { fingerprint: dataset.fingerprint, training_pairs: dataset.training.pairs, validation_pairs: dataset.validation.pairs },
    versions: { kd: kdVersion(), node: process.versions.node },
  };
}

function kdVersion(): string {
  return (JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
