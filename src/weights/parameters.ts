import { InputError } from '../errors.js';
import { byteLengthOf, isFloat } from './dtypes.js';
import { checkFinite } from './finite.js';
import { placeOf, type TensorInfo, type TensorSource } from './tensor-source.js';
import { shown, shownShape } from './wording.js';

/** How parameters are loaded. */
export interface LoadOptions {
  /** Whether a parameter may be missing, as a pooler. None may unless this says so. */
  readonly optional?: (name: string) => boolean;
}

/** A model's parameters in a checkpoint, found and checked, not yet read. */
export interface StoredParameters {
  /** Parameters that the checkpoint lacks, all of which `optional` allowed. */
  readonly missing: readonly string[];
  /** What the others take as they are stored. */
  readonly bytes: number;
  /**
   * Reads the others one by one: a parameter's name in the model, and its values in row-major order.
   *
   * @throws InputError for values that are not finite
   */
  read(): AsyncGenerator<[name: string, values: Float32Array]>;
}

/**
 * What may stand before the names of one and the same text model, in models that contain it. The model alone comes first:
 * whichever fits most names wins, the first of equals. A vision tower (`vision_model.`) is never among them.
 */
const PREFIXES = [
  '',
  'text_model.',
  'roberta.',
  'bert.',
  'clip.text_model.',
  'model.',
  'model.text_model.',
  'text_encoder.',
  'text_encoder.text_model.',
];

const MOST_PROBLEMS_SHOWN = 3;

/**
 * Finds a model's parameters in a checkpoint, whose names may have other prefixes; tensors that are not expected are left alone.
 *
 * @param expected shapes by the names the model has for its parameters
 * @throws InputError that names the tensors which are missing, or of another shape or of integers, with both shapes
 */
export function loadParameters(
  source: TensorSource,
  expected: Readonly<Record<string, readonly number[]>>,
  { optional = () => false }: LoadOptions = {},
): StoredParameters {
  const names = Object.keys(expected);
  const rename = bestRenaming(names, source.tensors);
  const found: [name: string, storedName: string][] = [];
  const missing: string[] = [];
  const problems: string[] = [];
  for (const [name, shape] of Object.entries(expected)) {
    const tensor = source.tensors.get(rename(name)) ?? source.tensors.get(olderName(rename(name)));
    if (tensor) {
      found.push([name, tensor.name]);
      problems.push(...misfits(tensor, shape));
    } else if (optional(name)) missing.push(name);
    else problems.push(`${name}: expected ${shownShape(shape)}, found no such tensor`);
  }
  if (problems.length > 0)
    throw new InputError(`${source.location}: ${summary(problems)}; the weights are of another model or size`);
  return {
    missing,
    bytes: found
      .map(([, storedName]) => source.tensors.get(storedName)!)
      .reduce((sum, { dtype, shape }) => sum + byteLengthOf(dtype, shape), 0),
    async *read() {
      for (const [name, storedName] of found)
        yield [name, checkFinite(await source.read(storedName), placeOf(source.location, storedName))];
    },
  };
}

/** The renaming, one for the whole model, under which most of its names are in the checkpoint. */
function bestRenaming(names: readonly string[], tensors: ReadonlyMap<string, TensorInfo>): (name: string) => string {
  const own = PREFIXES.filter((prefix) => names.every((name) => name.startsWith(prefix))).at(-1) ?? '';
  const prefixes = [own, ...PREFIXES.filter((prefix) => prefix !== own)];
  const renamings = prefixes.map((prefix) => (name: string) => prefix + name.slice(own.length));
  const scores = renamings.map((rename) => names.filter((name) => tensors.has(rename(name))).length);
  return renamings[scores.indexOf(Math.max(...scores))];
}

/** What the first BERTs, converted from TensorFlow, call a LayerNorm's weight and bias; transformers renames them too. */
function olderName(name: string): string {
  return name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
}

function misfits({ name, dtype, shape }: TensorInfo, expected: readonly number[]): string[] {
  const isSame = shape.length === expected.length && shape.every((dimension, axis) => dimension === expected[axis]);
  if (!isSame) return [`${shown(name)}: expected ${shownShape(expected)}, found ${shownShape(shape)}`];
  return isFloat(dtype) ? [] : [`${shown(name)}: expected floating-point values, found ${dtype}`];
}

function summary(problems: readonly string[]): string {
  const more = problems.length - MOST_PROBLEMS_SHOWN;
  return problems.slice(0, MOST_PROBLEMS_SHOWN).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
