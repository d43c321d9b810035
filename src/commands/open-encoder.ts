import { encoderEngine, type EncoderEngine } from '../engine/encoder.js';
import type { DeviceChoice } from '../engine/gpu-choice.js';
import { loadBackend, type BackendChoice } from '../engine/tensorflow.js';
import { checkPositions, openPretrained, openRandom, type PretrainedModel } from '../models/pretrained.js';
import { resolveModelName, type NamedModel } from '../runs/model-names.js';
import { MAX_LENGTH, type TextTokenizer } from '../text/tokenizer.js';
import type { Output } from './console.js';
import { checkFamily, fetchModel } from './fetch-model.js';
import { checkVocabulary, openTokenizer } from './tokenizer.js';

/** A text encoder with its tokenizer, opened and checked; its weights are read when the engine is loaded. */
export interface OpenEncoder extends NamedModel {
  readonly model: PretrainedModel;
  readonly tokenizer: TextTokenizer;
  /** The folder with its configuration and weights. */
  readonly folder: string;
  /** The folder with its tokenizer's files. */
  readonly tokenizerFolder: string;
}

/** Which model, and how the flags are called that say so. */
export interface EncoderChoice {
  /** `clip`, `roberta`, a run, a checkpoint of one, a folder or a hub id. */
  readonly name: string;
  readonly flag: string;
  /** Where the tokenizer is, if not with the model. */
  readonly tokenizer?: string | undefined;
  /** The flag for that; absent where there is none. */
  readonly tokenizerFlag?: string;
  /** The folder of the run that `clip` and `roberta` belong to; else the newest. */
  readonly run?: string | undefined;
  /** For parameters that the files lack; 0 where not given. */
  readonly seed?: number | undefined;
  /** Draws all parameters at random: only the configuration is read. */
  readonly randomWeights?: boolean | undefined;
}

/**
 * Opens a text encoder by name, fetching it from the hub where it is not there yet.
 *
 * @throws InputError for a name that stands for nothing, a damaged file, a tokenizer of another model
 */
export async function openEncoder(choice: EncoderChoice, output: Output): Promise<OpenEncoder> {
  const { name, flag, tokenizer, tokenizerFlag, run, seed = 0, randomWeights = false } = choice;
  const named = await resolveModelName(name, flag, run);
  await checkFamily(named.source, flag, output);
  const opened = await openTokenizer(
    { model: named.source, elsewhere: tokenizer ?? named.tokenizerSource, flag: tokenizerFlag ?? flag },
    output,
  ); // before weights are fetched
  const folder = await fetchModel(named.source, flag, output, randomWeights ? ['config'] : ['config', 'weights']);
  const model = randomWeights ? await openRandom(folder, seed) : await openPretrained(folder, seed);
  checkPositions(model.encoder, flag, MAX_LENGTH);
  checkVocabulary(opened.tokenizer, model.encoder, `${flag} ${named.source}`);
  return { ...named, model, tokenizer: opened.tokenizer, folder, tokenizerFolder: opened.folder };
}

/** Loads the backend and a model's weights onto it. The caller disposes of the engine. */
export async function startEncoder(
  { model }: Pick<OpenEncoder, 'model'>,
  { backend, device }: { readonly backend: BackendChoice; readonly device: DeviceChoice },
  output: Pick<Output, 'warn'>,
): Promise<EncoderEngine> {
  const { reason } = await loadBackend(backend, device);
  if (reason !== undefined) output.warn(reason);
  return encoderEngine(model.encoder, model.parameters());
}
