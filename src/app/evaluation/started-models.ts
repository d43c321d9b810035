/** @file Loads the models of a comparison onto the device that encodes. */
import { itemsUntilAborted } from '../../base/abort.js';
import { formatCount } from '../../base/format.js';
import { encoderEngine } from '../../engine/encoder.js';
import type { Precision } from '../../engine/precision-choice.js';
import { encodingPrecision, precisionText } from '../../engine/precision.js';
import { hasLargeModel } from '../../engine/step-layout.js';
import type { EvaluationSetting, ModelFacts } from '../../evaluate/evaluation.js';
import type { ModelUnderTest } from '../../evaluate/model.js';
import { countParameters } from '../../models/text-encoder.js';
import { loadBackend, type BackendInfo } from '../../tensorflow/backend.js';
import type { Reporter } from '../reporter.js';
import type { ComparedModel, Comparison } from './comparison.js';
import type { EvaluationRequest } from './evaluation-request.js';

/** Models that are loaded, and what they compute on. The caller disposes of them. */
export interface StartedModels {
  readonly backend: BackendInfo;
  readonly precision: Precision;
  readonly underTest: ReadonlyMap<ComparedModel, ModelUnderTest>;
}

/** Frees the engines of all models. */
export function disposeAll(models: StartedModels['underTest']): void {
  for (const { engine } of models.values()) engine.dispose();
}

/**
 * Loads every model once, including a teacher that is only measured against; none if that fails.
 *
 * @throws the reporter's abort reason
 */
export async function startModels(
  {
    backend: backendChoice,
    device,
    precision: choice,
    pairs,
  }: Pick<EvaluationRequest, 'backend' | 'device' | 'precision' | 'pairs'>,
  { teacher, models }: Comparison,
  reporter: Reporter,
): Promise<StartedModels> {
  const { reason, ...backend } = await loadBackend(backendChoice, device, {
    onNotice: (text) => {
      reporter.message(text);
    },
  });
  if (reason !== undefined) reporter.warn(reason);
  const tested = new Set(pairs ? [teacher!, ...models] : models);
  const isLarge = hasLargeModel([...tested].map(({ opened }) => opened.model.encoder));
  const chosen = await encodingPrecision(choice, backend, isLarge);
  const { precision } = chosen;
  if (chosen.reason !== undefined) reporter.message(`precision: ${precisionText(chosen)}`);
  const underTest = new Map<ComparedModel, ModelUnderTest>();
  try {
    for (const compared of tested) {
      reporter.signal?.throwIfAborted(); // before a graph is recorded
      const { source, model } = compared.opened;
      const { shapes, width } = model.encoder;
      const parameters = formatCount(countParameters(shapes));
      reporter.message(`${compared.name}: ${source}, ${parameters} parameters, width ${width}`);
      const engine = await encoderEngine(model.encoder, itemsUntilAborted(model.parameters(), reporter.signal), {
        precision,
        device: backend.device,
        memoryBytes: backend.gpu?.usableBytes,
      });
      underTest.set(compared, { facts: factsOf(compared), tokenizer: compared.opened.tokenizer, engine });
    }
  } catch (error) {
    disposeAll(underTest);
    throw error;
  }
  return { backend, precision, underTest };
}

function factsOf({ name, role, opened: { source, model } }: ComparedModel): ModelFacts {
  const { shapes, width } = model.encoder;
  const bytes = model.storedBytes === 0 ? null : model.storedBytes;
  return { name, role, source, parameters: countParameters(shapes), bytes, width };
}

/** What the models compute with, as evaluations record it. */
export function engineOf({
  backend: { backend, device, version },
  precision,
}: StartedModels): EvaluationSetting['engine'] {
  return { backend, device, tensorflow: version ?? null, precision };
}
