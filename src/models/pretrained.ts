/** @file Loads models from folders and from the hub: configuration and parameters. */
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { isNamed } from '../base/existence.js';
import { checkFinite } from '../weights/finite.js';
import { PROJECTION_FIELD } from '../weights/config-file.js';
import { openWeights, PROJECTION_FILE } from '../weights/folder.js';
import type { JsonObject } from '../base/json-schema.js';
import { loadParameters, type StoredParameters } from '../weights/parameters.js';
import { openSafetensors } from '../weights/safetensors.js';
import { placeOf, type TensorSource } from '../weights/tensor-source.js';
import { shownValue } from '../weights/wording.js';
import { buildTextEncoder } from './build.js';
import { readConfig, type TextModelConfig } from './config.js';
import { configJson } from './exported-config.js';
import { isProjection, nameInFile, withProjection } from './projection.js';
import { PUBLISHED } from './published.js';
import type { TextEncoder } from './text-encoder.js';

/** A model whose parameters can be read one at a time. */
export interface PretrainedModel {
  readonly encoder: TextEncoder;
  /** The parsed `config.json` of the model. */
  readonly configJson: JsonObject;
  /** Parameters that are missing from the files and initialised from the seed: a pooler, a projection. */
  readonly fresh: readonly string[];
  /** The size of its stored parameters in bytes; 0 for a model without files. */
  readonly storedBytes: number;
  /** Every parameter of `encoder.shapes`, read from the files or initialised. The files are open during iteration. */
  parameters(): AsyncIterable<readonly [name: string, values: Float32Array]>;
}

/**
 * Opens the model in a folder with the hub's layout and checks the name and shape of every tensor. Values are read
 * while iterating over `parameters()`, which throws if they are not finite.
 *
 * @param seed for initialised parameters
 * @throws InputError for a configuration of another family, a missing or misshapen tensor, a damaged file
 */
export async function openPretrained(folder: string, seed: number): Promise<PretrainedModel> {
  const { config, json } = await readConfig(folder);
  const encoder = buildTextEncoder(config);
  // The files stay closed until their values are needed, so that a failure in between leaves nothing open.
  const { source, stored } = await openStored(folder, encoder);
  await source.close();
  const model: PretrainedModel = {
    encoder,
    configJson: json,
    fresh: stored.missing,
    storedBytes: stored.bytes,
    async *parameters() {
      const { source, stored } = await openStored(folder, encoder);
      try {
        yield* stored.read();
        for (const name of stored.missing) yield [name, encoder.initialise(name, seed)] as const;
      } finally {
        await source.close();
      }
    },
  };
  return withStoredProjection(model, join(folder, PROJECTION_FILE));
}

/**
 * Adds the projection from a file to the model, if the file exists.
 *
 * @throws InputError if the model's configuration says that it has one of another width, or the file is missing
 */
async function withStoredProjection(model: PretrainedModel, path: string): Promise<PretrainedModel> {
  const said = model.configJson[PROJECTION_FIELD] ?? undefined;
  if (!(await isNamed(path))) {
    if (said === undefined) return model;
    throw projectionError(path, said, 'no such file');
  }
  const source = await openSafetensors(path);
  await source.close();
  const width = source.tensors.get('weight')?.shape[0] ?? 0;
  if (said !== undefined && said !== width) throw projectionError(path, said, `one to width ${width}`);
  const encoder = withProjection(model.encoder, width);
  const names = Object.keys(encoder.shapes).filter(isProjection);
  const expected = Object.fromEntries(names.map((name) => [nameInFile(name), encoder.shapes[name]!]));
  const { bytes } = loadParameters(source, expected);
  return projected({ ...model, storedBytes: model.storedBytes + bytes }, encoder, async function* () {
    const source = await openSafetensors(path);
    try {
      for (const name of names) {
        const stored = nameInFile(name);
        yield [name, checkFinite(await source.read(stored), placeOf(path, stored))] as const;
      }
    } finally {
      await source.close();
    }
  });
}

function projectionError(path: string, width: unknown, found: string): InputError {
  return new InputError(
    `${path}: expected the projection to width ${shownValue(width)} of which config.json tells, found ${found}; ` +
      `copy the file from where the model came from, or remove ${PROJECTION_FIELD} from config.json to use the model ` +
      'without it',
  );
}

/** Adds a new projection to the model, to learn another width. */
export function withFreshProjection(model: PretrainedModel, width: number, seed: number): PretrainedModel {
  const encoder = withProjection(model.encoder, width);
  const names = Object.keys(encoder.shapes).filter(isProjection);
  // oxlint-disable-next-line typescript/require-await -- an async iterable, as files give one
  const fresh = projected(model, encoder, async function* () {
    for (const name of names) yield [name, encoder.initialise(name, seed)] as const;
  });
  return { ...fresh, fresh: [...model.fresh, ...names] };
}

/** The model at a width: if its own differs, it gets a new projection, initialised from a seed. */
export function projectedTo(width: number, model: PretrainedModel, seed = 0): PretrainedModel {
  return model.encoder.width === width ? model : withFreshProjection(model, width, seed);
}

function projected(
  model: PretrainedModel,
  encoder: TextEncoder,
  projection: PretrainedModel['parameters'],
): PretrainedModel {
  return {
    ...model,
    encoder,
    configJson: { ...model.configJson, [PROJECTION_FIELD]: encoder.width },
    async *parameters() {
      yield* model.parameters();
      yield* projection();
    },
  };
}

/** Opens a folder's weights and locates a model's parameters in them. */
async function openStored(
  folder: string,
  encoder: TextEncoder,
): Promise<{ readonly source: TensorSource; readonly stored: StoredParameters }> {
  const source = await openWeights(folder);
  try {
    return { source, stored: loadParameters(source, encoder.shapes, { optional: (name) => encoder.isPooler(name) }) };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** A model with random parameters, for speed and memory measurements and tests. */
export function randomModel(
  config: TextModelConfig,
  seed: number,
  json: JsonObject = configJson(config),
): PretrainedModel {
  const encoder = buildTextEncoder(config);
  const names = Object.keys(encoder.shapes);
  return {
    encoder,
    configJson: json,
    fresh: names,
    storedBytes: 0,
    // oxlint-disable-next-line typescript/require-await -- an async iterable, as files give one
    async *parameters() {
      for (const name of names) yield [name, encoder.initialise(name, seed)] as const;
    },
  };
}

/**
 * The model of a folder's configuration, with random parameters.
 *
 * @throws InputError for a configuration that cannot be read or is of another family
 */
export async function openRandom(folder: string, seed: number): Promise<PretrainedModel> {
  const { config, json } = await readConfig(folder);
  return randomModel(config, seed, json);
}

/** The configuration of a hub id, if known without a download. */
export function publishedConfig(id: string): TextModelConfig | undefined {
  return PUBLISHED[id.split('@')[0]!]?.();
}
