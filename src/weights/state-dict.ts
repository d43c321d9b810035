/**
 * @file What `torch.save(model.state_dict())` pickles: a dictionary of tensors, each a strided view of a storage whose
 * bytes are elsewhere. Source: https://github.com/pytorch/pytorch/blob/v2.4.0/torch/_utils.py (`_rebuild_tensor_v2`)
 * and torch/serialization.py (`persistent_id`).
 */
import { basename } from 'node:path';
import { InputError } from '../base/errors.js';
import type { Dtype } from './dtypes.js';
import { isSize, isSizes, sizeOf } from '../base/shape.js';
import { byteLengthOf } from './dtypes.js';
import type { TensorInfo } from './tensor-source.js';
import { placeOf } from './tensor-source.js';
import type { PickleFunction } from './pickle-machine.js';
import { unpickle } from './unpickler.js';
import { damagedFile, shown, shownShape } from './wording.js';

/** A contiguous run of elements, stored under a key outside the pickle. */
export interface Storage {
  readonly dtype: Dtype;
  readonly key: string;
  readonly length: number;
}

/** A tensor as a view of a storage: element `[i, j, …]` is at `offset + i * strides[0] + j * strides[1] + …`. */
export interface StoredTensor extends TensorInfo {
  readonly storage: Storage;
  readonly offset: number;
  readonly strides: readonly number[];
}

/**
 * The tensors of a pickled state dict. Entries of other types are ignored.
 *
 * @throws InputError if the pickle is damaged, names a Python object that is not part of a tensor, or is not a state
 * dict
 */
export function readStateDict(pickle: Uint8Array, location: string): ReadonlyMap<string, StoredTensor> {
  const root = unpickle(pickle, location, {
    global: (name) => globalNamed(name, location),
    persistent: (id) => storageOf(id, location),
  });
  const entries = root instanceof Map ? [...(root as Map<unknown, unknown>)] : [];
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of entries) {
    if (typeof name === 'string' && value instanceof View) tensors.set(name, tensorOf(name, value, location));
  }
  if (tensors.size === 0) throw notStateDict(entries, location);
  return tensors;
}

/** The error for a file without tensors: a training framework's checkpoint has them one level down. */
function notStateDict(entries: readonly (readonly [unknown, unknown])[], location: string): InputError {
  const keys = entries.map(([key]) => key).filter((key) => typeof key === 'string');
  const found = keys.length > 0 ? `a dictionary of ${shown(keys.slice(0, 5).join(', '))}` : 'something else';
  const holdsTensors = (value: unknown) =>
    value instanceof Map && [...value.values()].some((each) => each instanceof View);
  const inner = entries.find(([key, value]) => typeof key === 'string' && holdsTensors(value))?.[0] as
    | string
    | undefined;
  const file = basename(location);
  const remedy =
    inner === undefined
      ? 'save the state dict alone'
      : `rename the file to whole-${file} and save ${shown(inner)} alone: ` +
        `torch.save(torch.load("whole-${file}")["${shown(inner)}"], "${file}")`;
  return new InputError(
    `${location}: expected a dictionary of tensors, as torch.save(model.state_dict()) writes, found ${found}; ` +
      remedy,
  );
}

/** An element type: `torch.FloatStorage`, `torch.float8_e5m2` and the like. */
class ElementType {
  constructor(readonly dtype: Dtype) {}
}

/** A tensor without its name. */
class View {
  constructor(
    readonly storage: Storage,
    readonly offset: unknown,
    readonly shape: unknown,
    readonly strides: unknown,
    /** Set for a view whose values PyTorch has yet to negate or conjugate: `{neg: True}`. */
    readonly metadata: unknown,
  ) {}
}

const STORAGE_DTYPES: Readonly<Record<string, Dtype>> = {
  'torch.FloatStorage': 'F32',
  'torch.DoubleStorage': 'F64',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
  'torch.storage.UntypedStorage': 'U8', // bytes; the tensor has the type
};

/** Types without a storage class of their own, by the names in tensors. */
const TENSOR_DTYPES: Readonly<Record<string, Dtype>> = {
  'torch.float8_e4m3fn': 'F8_E4M3',
  'torch.float8_e5m2': 'F8_E5M2',
  'torch.float8_e4m3fnuz': 'F8_E4M3FNUZ',
  'torch.float8_e5m2fnuz': 'F8_E5M2FNUZ',
  'torch.float8_e8m0fnu': 'F8_E8M0',
  'torch.uint16': 'U16',
  'torch.uint32': 'U32',
  'torch.uint64': 'U64',
};

const FUNCTIONS: Readonly<Record<string, PickleFunction>> = {
  'collections.OrderedDict': () => new Map(),
  'torch._utils._rebuild_tensor_v2': ([storage, offset, shape, strides, , , metadata]) =>
    isStorage(storage) ? new View(storage, offset, shape, strides, metadata) : null,
  'torch._utils._rebuild_tensor_v3': ([storage, offset, shape, strides, , , type, metadata]) =>
    isStorage(storage) && type instanceof ElementType
      ? new View(
          { ...storage, dtype: type.dtype, length: storage.length / byteLengthOf(type.dtype, []) },
          offset,
          shape,
          strides,
          metadata,
        )
      : null,
  'torch._utils._rebuild_parameter': ([data]) => data,
};

function globalNamed(name: string, location: string): unknown {
  if (Object.hasOwn(FUNCTIONS, name)) return FUNCTIONS[name];
  if (Object.hasOwn(STORAGE_DTYPES, name)) return new ElementType(STORAGE_DTYPES[name]!);
  if (Object.hasOwn(TENSOR_DTYPES, name)) return new ElementType(TENSOR_DTYPES[name]!);
  if (name === 'torch._utils._rebuild_qtensor')
    throw new InputError(
      `${location}: expected floating-point tensors, found quantised ones; take the model as it was before that`,
    );
  throw new InputError(
    `${location}: expected tensors only, found the Python object ${shown(name)}; ` +
      'get or make a safetensors file of the model instead',
  );
}

/** A storage from its persistent id, `('storage', type, key, device, length)`. */
function storageOf(id: unknown, location: string): Storage {
  const [tag, type, key, , length] = Array.isArray(id) ? (id as unknown[]) : [];
  if (tag === 'storage' && type instanceof ElementType && typeof key === 'string' && isSize(length)) {
    return { dtype: type.dtype, key, length };
  }
  throw damagedFile(location, 'expected references to storages only, found another');
}

function isStorage(value: unknown): value is Storage {
  return typeof value === 'object' && value !== null && 'dtype' in value && 'key' in value && 'length' in value;
}

function tensorOf(name: string, { storage, offset, shape, strides, metadata }: View, location: string): StoredTensor {
  const where = placeOf(location, name);
  if (metadata instanceof Map && [...metadata.values()].includes(true))
    throw new InputError(
      `${where}: expected its values as they are, found a view with ${shown([...metadata.keys()].join(', '))} set, ` +
        'which is computed later; save the tensor after resolve_neg() and resolve_conj()',
    );
  if (!isSize(offset) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length) {
    throw damagedFile(where, 'expected offset, shape and strides in whole numbers, one stride a dimension');
  }
  const tensor = { name, dtype: storage.dtype, shape, storage, offset, strides };
  const isBroadcast = strides.includes(0) && sizeOf(shape) > storage.length;
  // More elements than the storage has would be a broadcast view, which no parameter is, and which could be of any
  // size.
  if (sizeOf(shape) > storage.length || offset + spanOf(tensor) > storage.length) {
    throw damagedFile(
      where,
      `expected a view within its storage of ${storage.length} elements, ` +
        `found shape ${shownShape(shape)}, strides ${shownShape(strides)}, offset ${offset}`,
      isBroadcast ? 'save the tensor after contiguous(), or get the file again' : undefined,
    );
  }
  return tensor;
}

/** The number of elements in the storage from a tensor's first to its last. */
export function spanOf({ shape, strides }: Pick<StoredTensor, 'shape' | 'strides'>): number {
  if (sizeOf(shape) === 0) return 0;
  return 1 + shape.reduce((last, dimension, axis) => last + (dimension - 1) * strides[axis]!, 0);
}
