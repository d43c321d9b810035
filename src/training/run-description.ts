/** @file Builds a run's `config.json`. */
import { VERSION } from '../base/version.js';
import { textLengths } from '../engine/text-lengths.js';
import { countParameters } from '../models/text-encoder.js';
import type { Fingerprints } from '../runs/trainer-state.js';
import { MAX_LENGTH } from '../text/max-length.js';
import type { Dataset } from './dataset.js';
import { dropoutRate, type EngineInfo } from './engine-parts.js';
import type { RunModel, RunModels } from './models.js';
import type { TrainSettings } from './settings.js';

/** The contents of a new run's `config.json`. */
export function describeRun(
  settings: TrainSettings,
  models: RunModels,
  { cpu, ...engine }: EngineInfo,
  dataset: Dataset,
  fingerprints: Fingerprints,
): object {
  const modelOf = ({ source, origin, model, tokenizer }: RunModel): object => ({
    source,
    origin,
    parameters: countParameters(model.encoder.shapes),
    config: model.encoder.config,
    tokenizer: tokenizer.fingerprint,
  });
  const { inStoreOrder, fingerprint, store } = dataset;
  return {
    created: new Date().toISOString(),
    settings,
    fingerprints,
    teacher: modelOf(models.teacher),
    student: modelOf(models.student),
    data: {
      fingerprint,
      training_pairs: inStoreOrder.training.pairs,
      validation_pairs: inStoreOrder.validation.pairs,
      store,
    },
    engine: { ...engine, textLengths: trainedLengths(settings, models.student, engine) },
    ...(cpu && { cpu }),
    versions: { kd: VERSION, node: process.versions.node, tensorflow: engine.version },
  };
}

/** The lengths to which the student's texts are cut in training; only the full length if they may not be cut. */
function trainedLengths(
  settings: TrainSettings,
  student: RunModel,
  engine: Pick<EngineInfo, 'textLengths'>,
): readonly number[] {
  const choice = { rate: dropoutRate(settings), padding: settings.padding };
  return textLengths(student.model.encoder, MAX_LENGTH, choice, engine.textLengths).lengths;
}
