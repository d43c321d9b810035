import { itemsUntilAborted } from '../base/abort.js';
import { folderIdentity } from '../base/folder-identity.js';
import { encoderEngine } from '../engine/encoder.js';
import type { EncoderEngine } from '../engine/encoder-engine.js';
import { encodingPrecision, precisionText } from '../engine/precision.js';
import type { PrecisionChoice } from '../engine/precision-choice.js';
import { hasLargeModel } from '../engine/step-layout.js';
import type { DeviceChoice } from '../tensorflow/device-choice.js';
import { loadBackend } from '../tensorflow/backend.js';
import type { BackendChoice } from '../tensorflow/backend-choice.js';
import { checkPositions } from '../models/model-fit.js';
import { openPretrained, openRandom, type PretrainedModel } from '../models/pretrained.js';
import { isProjection } from '../models/projection.js';
import { sentenceModules } from '../models/sentence-modules.js';
import { resolveModelName, type NamedModel } from '../runs/model-names.js';
import { removedCheckpoint, type CheckpointRemovedError } from '../runs/removed-checkpoint.js';
import type { TextTokenizer } from '../text/tokenizer.js';
import { MAX_LENGTH } from '../text/max-length.js';
import type { Reporter } from './reporter.js';
import { checkFamily, fetchModel } from './fetch-model.js';
import { checkVocabulary, openTokenizer } from './open-tokenizer.js';

/** A text encoder with its tokenizer, opened and checked. The weights are read later, when the engine is loaded. */
export interface OpenEncoder extends NamedModel {
  readonly model: PretrainedModel;
  readonly tokenizer: TextTokenizer;
  /** The folder with its configuration and weights. */
  readonly folder: string;
  /** The folder with its tokenizer's files. */
  readonly tokenizerFolder: string;
}

/** Which model to open, and the flags that name it. */
export interface EncoderChoice {
  /** `clip`, `roberta`, a run, a checkpoint of one, a folder or a hub id. */
  readonly name: string;
  readonly flag: string;
  /** Where the tokenizer is, if not with the model. */
  readonly tokenizer?: string | undefined;
  /** The flag for that, if there is one. */
  readonly tokenizerFlag?: string;
  /** The folder of the run that `clip` and `roberta` refer to. Default: the newest. */
  readonly run?: string | undefined;
  /** The seed for parameters that the files lack; 0 by default. */
  readonly seed?: number | undefined;
  /** Whether to initialise all parameters at random and read only the configuration. */
  readonly randomWeights?: boolean | undefined;
}

/** How many times to look up a name whose checkpoint keeps being removed or replaced in the meantime. */
const MAX_LOOKUPS = 5;

/**
 * Opens a text encoder by name, fetching it from the hub if necessary. If training removes the checkpoint that a name
 * such as `first:last` refers to before it is open, the name is looked up again.
 *
 * @param open opens what a name refers to; replaced in tests that remove it in between
 * @throws InputError for a name that refers to nothing, a damaged file, or a tokenizer of another model
 */
export async function openEncoder(choice: EncoderChoice, reporter: Reporter, open = openNamed): Promise<OpenEncoder> {
  const { name, flag, run } = choice;
  let lost: CheckpointRemovedError | undefined;
  for (let lookups = 1; ; lookups++) {
    const named = await lookUp(name, flag, run, lost);
    const identity = folderIdentity(named.source);
    try {
      const opened = await open(named, choice, reporter);
      return { ...opened, model: readWhileThere(opened.model, named.source, `${flag} ${name}`) };
    } catch (error) {
      const isSame = folderIdentity(named.source) === identity;
      if (isSame || named.run === undefined || lookups === MAX_LOOKUPS) throw error;
      lost = (await removedCheckpoint(named.source, `${flag} ${name}`)) ?? lost;
    }
  }
}

/** Looks up a name. If that fails after a checkpoint of that name was lost, the error says that it was removed. */
async function lookUp(
  name: string,
  flag: string,
  run: string | undefined,
  lost: CheckpointRemovedError | undefined,
): Promise<NamedModel> {
  try {
    return await resolveModelName(name, flag, run);
  } catch (error) {
    throw lost ?? error;
  }
}

/** Makes a model, whose weights are read later, report that its checkpoint was removed if it is gone by then. */
function readWhileThere(model: PretrainedModel, folder: string, flag: string): PretrainedModel {
  return {
    ...model,
    async *parameters() {
      try {
        yield* model.parameters();
      } catch (error) {
        throw (await removedCheckpoint(folder, flag)) ?? error;
      }
    },
  };
}

/**
 * Opens the text encoder that a name was resolved to.
 *
 * @throws InputError as `openEncoder`
 */
export async function openNamed(
  named: NamedModel,
  choice: Omit<EncoderChoice, 'name' | 'run'>,
  reporter: Reporter,
): Promise<OpenEncoder> {
  const { flag, tokenizer, tokenizerFlag, seed = 0, randomWeights = false } = choice;
  if (named.warning !== undefined) reporter.warn(named.warning);
  await checkFamily(named.source, flag, reporter);
  const opened = await openTokenizer(
    { model: named.source, tokenizerSource: tokenizer ?? named.tokenizerSource, flag: tokenizerFlag ?? flag },
    reporter,
  ); // before weights are fetched
  const folder = await fetchModel(named.source, flag, reporter, randomWeights ? ['config'] : ['config', 'weights']);
  const model = randomWeights ? await openRandom(folder, seed) : await openPretrained(folder, seed);
  if (!Object.keys(model.encoder.shapes).some(isProjection))
    await warnOfModules(folder, `${flag} ${named.source}`, reporter);
  checkPositions(model.encoder, flag, MAX_LENGTH);
  checkVocabulary(opened.tokenizer, model.encoder, `${flag} ${named.source}`, reporter);
  return { ...named, model, tokenizer: opened.tokenizer, folder, tokenizerFolder: opened.folder };
}

/** Says which modules of a sentence-transformers model are left out; a projection of kd's own is not among them. */
async function warnOfModules(folder: string, where: string, reporter: Reporter): Promise<void> {
  const modules = await sentenceModules(folder);
  if (modules.length === 0) return;
  reporter.warn(
    `${where}: used without ${modules.join(', ')}, which modules.json adds: the transformer's outputs alone`,
  );
}

/** The backend, device and precision to encode with. */
export interface EncoderMachine {
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
  /** float32 unless given. */
  readonly precision?: PrecisionChoice | undefined;
  /** Whether all texts come with attention masks, or none. */
  readonly masked?: boolean;
}

/**
 * Loads the backend and the model's weights. The caller must dispose of the engine.
 *
 * @throws InputError for a backend, device or precision that is not available; the reporter's abort reason
 */
export async function startEncoder(
  { model }: Pick<OpenEncoder, 'model'>,
  { backend, device, precision = 'fp32', masked = false }: EncoderMachine,
  reporter: Pick<Reporter, 'warn' | 'signal'> & Partial<Pick<Reporter, 'message'>>,
): Promise<EncoderEngine> {
  const { reason, ...loaded } = await loadBackend(backend, device, { onNotice: (text) => reporter.message?.(text) });
  if (reason !== undefined) reporter.warn(reason);
  const chosen = await encodingPrecision(precision, loaded, hasLargeModel([model.encoder]));
  if (chosen.reason !== undefined) reporter.message?.(`precision: ${precisionText(chosen)}`);
  reporter.signal?.throwIfAborted(); // before a graph is recorded
  return encoderEngine(model.encoder, itemsUntilAborted(model.parameters(), reporter.signal), {
    precision: chosen.precision,
    device: loaded.device,
    memoryBytes: loaded.gpu?.usableBytes,
    masked,
  });
}
