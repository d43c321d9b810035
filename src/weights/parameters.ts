import { InputError } from '../base/errors.js';
import { byteLengthOf, describeDtype, FLOAT_DTYPES, isFloat } from './dtypes.js';
import { checkFinite } from './finite.js';
import { findTower, isSameShape } from './prefix.js';
import { placeOf, type TensorInfo, type TensorSource } from './tensor-source.js';
import { shown, shownShape } from './wording.js';

/** How parameters are loaded. */
export interface LoadOptions {
  /** Whether a parameter may be missing, such as a pooler. Default: none. */
  readonly optional?: (name: string) => boolean;
}

/** A model's parameters in a checkpoint: located and checked, but not read yet. */
export interface StoredParameters {
  /** Parameters that are not in the checkpoint, all allowed by `optional`. */
  readonly missing: readonly string[];
  /** The stored size of the others, in bytes. */
  readonly bytes: number;
  /**
   * Reads the others one by one: a parameter's name in the model, and its values in row-major order.
   *
   * @throws InputError for values that are not finite
   */
  read(): AsyncGenerator<[name: string, values: Float32Array]>;
}

const MAX_PROBLEMS_SHOWN = 3;
const MAX_NAMES_SHOWN = 3;

/**
 * Finds a model's parameters in a checkpoint, in which their names may have any prefix; ignores other tensors.
 *
 * @param expected shapes by the model's names for its parameters
 * @throws InputError that names tensors which are missing, or of another shape or type, with both; and for a checkpoint
 * that has the model twice, under two prefixes
 */
export function loadParameters(
  source: TensorSource,
  expected: Readonly<Record<string, readonly number[]>>,
  { optional = () => false }: LoadOptions = {},
): StoredParameters {
  const { tensors } = findTower(source.tensors, { shapes: expected, optional }, source.location);
  const found: [name: string, storedName: string][] = [];
  const missing: string[] = [];
  const problems: string[] = [];
  for (const [name, shape] of Object.entries(expected)) {
    const tensor = tensors.get(name);
    if (tensor) {
      found.push([name, tensor.name]);
      problems.push(...misfits(tensor, shape));
    } else if (optional(name)) missing.push(name);
    else problems.push(`${name}: expected ${shownShape(shape)}, found no such tensor`);
  }
  if (problems.length > 0)
    throw new InputError(`${source.location}: ${summary(problems)}; ${remedy(source, tensors, expected)}`);
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

function misfits({ name, dtype, shape }: TensorInfo, expected: readonly number[]): string[] {
  const isSame = isSameShape(shape, expected);
  if (isFloat(dtype))
    return isSame ? [] : [`${shown(name)}: expected ${shownShape(expected)}, found ${shownShape(shape)}`];
  const type = describeDtype(dtype);
  if (isSame) return [`${shown(name)}: expected floating-point values, found ${type}`];
  return [
    `${shown(name)}: expected floating-point values of shape ${shownShape(expected)}, found ${type} of ` +
      shownShape(shape),
  ];
}

/** Advice for weights that do not fit: an unsupported type, quantised, or of another model. */
function remedy(
  { tensors }: TensorSource,
  found: ReadonlyMap<string, TensorInfo>,
  expected: Readonly<Record<string, readonly number[]>>,
): string {
  const names = [...tensors.keys()];
  if ([...found.values()].some(({ dtype }) => !isFloat(dtype)))
    return `convert the weights to ${FLOAT_DTYPES.join(', ')}`.replace(/, (?=[^,]*$)/, ' or ');
  if (names.some((name) => QUANTISED.test(name)))
    return 'the weights are quantised; take the model as it was before that';
  const mean = 'the weights are of another model or size';
  if (names.length === 0 || 2 * found.size > Object.keys(expected).length) return mean;
  const some = names.slice(0, MAX_NAMES_SHOWN).map(shown).join(', ');
  return `${mean}; the file has ${some}${names.length > MAX_NAMES_SHOWN ? `, … (${names.length} tensors)` : ''}`;
}

/** Names that GPTQ, AWQ and bitsandbytes use for quantised weights. */
const QUANTISED = /\.(?:qweight|qzeros|SCB|absmax|quant_map|quant_state\..+|weight_packed|weight_scale(?:_inv)?)$/;

function summary(problems: readonly string[]): string {
  const more = problems.length - MAX_PROBLEMS_SHOWN;
  return problems.slice(0, MAX_PROBLEMS_SHOWN).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
