/** @file Builds a run's `config.json`. */
import { VERSION } from '../base/version.js';
import { layoutsOf } from '../engine/text-layouts.js';
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
  { cpu, textLengths, packedShares, ...engine }: EngineInfo,
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
    engine: { ...engine, ...trainedLayouts(settings, models.student, { textLengths, packedShares }) },
    ...(cpu && { cpu }),
    versions: { kd: VERSION, node: process.versions.node, tensorflow: engine.version },
  };
}

/**
 * The lengths to which the student's texts may be cut in training, and the numbers of rows that those of a batch may be
 * packed into; of either, only that of whole texts where the other is used.
 */
function trainedLayouts(
  settings: TrainSettings,
  student: RunModel,
  layouts: Pick<EngineInfo, 'textLengths' | 'packedShares'>,
): { textLengths: number[]; packedRows: number[] } {
  const { batchSize, padding } = settings;
  const options = { ...layouts, batchSize, dropout: dropoutRate(settings), padding };
  const { step } = layoutsOf(student.model.encoder, MAX_LENGTH, options);
  const [textLengths, packedRows] = [new Set<number>(), new Set<number>()];
  for (const { rows, length } of step.layouts) {
    textLengths.add(length);
    packedRows.add(rows);
  }
  return { textLengths: [...textLengths], packedRows: [...packedRows] };
}
