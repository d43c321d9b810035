/**
 * @file An unpickler that only builds numbers, strings, lists, dictionaries, and what its caller provides for a
 * global's name. It imports nothing and runs nothing. Lists and tuples both become arrays.
 *
 * Opcodes: https://github.com/python/cpython/blob/v3.12.0/Lib/pickletools.py. Supports those of protocol 2, which
 * `torch.save` writes, and the few that its other protocols need.
 */
import { InputError } from '../base/errors.js';
import { PickleReader } from './pickle-reader.js';

/** What a pickle may refer to outside of itself. */
export interface PickleEnvironment {
  /** The value of a global (`module.name`): a `PickleFunction`, or anything. Throws for a name it does not know. */
  global(name: string): unknown;
  /** The value of a persistent id. Throws for an unknown id. */
  persistent(id: unknown): unknown;
}

/** A global that a pickle may call. */
export type PickleFunction = (args: readonly unknown[]) => unknown;

/**
 * An opcode takes at least a byte and makes at most one object, so this limits time, stack, memo and objects at once. A
 * tensor takes about forty.
 */
const MAX_OPCODES = 1_000_000;

/**
 * The object that a pickle describes.
 *
 * @param location file, for messages
 * @throws InputError for a pickle that is damaged, too long, or needs more than the environment gives
 */
export function unpickle(pickle: Uint8Array, location: string, environment: PickleEnvironment): unknown {
  const machine: Machine = {
    input: new PickleReader(pickle, location),
    stack: [],
    marks: [],
    memo: new Map(),
    environment,
    location,
  };
  for (let count = 0; count < MAX_OPCODES; count++) {
    const at = machine.input.position;
    const opcode = machine.input.byte();
    if (opcode === STOP) return pop(machine);
    const operation = OPERATIONS[opcode];
    if (!operation) {
      throw new InputError(
        `${location}: expected a pickle as torch.save writes it, found opcode ` +
          `0x${opcode.toString(16).padStart(2, '0')} at byte ${at}; convert the file to safetensors`,
      );
    }
    operation(machine);
  }
  throw new InputError(
    `${location}: expected a pickle of at most ${MAX_OPCODES} steps, found a longer one; convert the file to ` +
      'safetensors',
  );
}

interface Machine {
  readonly input: PickleReader;
  readonly stack: unknown[];
  /** The positions of the open marks on the stack. */
  readonly marks: number[];
  readonly memo: Map<number, unknown>;
  readonly environment: PickleEnvironment;
  readonly location: string;
}

const STOP = 0x2e;

/** By opcode, with its name in pickletools. */
const OPERATIONS: Readonly<Record<number, (machine: Machine) => void>> = {
  0x80: ({ input }) => void input.byte(), // PROTO
  0x95: ({ input }) => void input.bytes(8), // FRAME
  0x28: ({ marks, stack }) => void marks.push(stack.length), // MARK
  0x30: (machine) => void pop(machine), // POP
  0x31: (machine) => void popToMark(machine), // POP_MARK
  0x32: (machine) => void machine.stack.push(top(machine)), // DUP

  0x4e: ({ stack }) => void stack.push(null), // NONE
  0x88: ({ stack }) => void stack.push(true), // NEWTRUE
  0x89: ({ stack }) => void stack.push(false), // NEWFALSE
  0x4a: ({ stack, input }) => void stack.push(input.view(4).getInt32(0, true)), // BININT
  0x4b: ({ stack, input }) => void stack.push(input.byte()), // BININT1
  0x4d: ({ stack, input }) => void stack.push(input.view(2).getUint16(0, true)), // BININT2
  0x8a: ({ stack, input }) => void stack.push(input.integer(input.byte())), // LONG1
  0x47: ({ stack, input }) => void stack.push(input.view(8).getFloat64(0)), // BINFLOAT
  0x58: ({ stack, input }) => void stack.push(input.text(input.view(4).getUint32(0, true))), // BINUNICODE
  0x8c: ({ stack, input }) => void stack.push(input.text(input.byte())), // SHORT_BINUNICODE

  0x5d: ({ stack }) => void stack.push([]), // EMPTY_LIST
  0x29: ({ stack }) => void stack.push([]), // EMPTY_TUPLE
  0x7d: ({ stack }) => void stack.push(new Map()), // EMPTY_DICT
  0x74: (machine) => void machine.stack.push(popToMark(machine)), // TUPLE
  0x85: (machine) => void machine.stack.push(popMany(machine, 1)), // TUPLE1
  0x86: (machine) => void machine.stack.push(popMany(machine, 2)), // TUPLE2
  0x87: (machine) => void machine.stack.push(popMany(machine, 3)), // TUPLE3
  0x61: (machine) => {
    append(machine, [pop(machine)]);
  }, // APPEND
  0x65: (machine) => {
    append(machine, popToMark(machine));
  }, // APPENDS
  0x73: (machine) => {
    setItems(machine, popMany(machine, 2));
  }, // SETITEM
  0x75: (machine) => {
    setItems(machine, popToMark(machine));
  }, // SETITEMS

  0x71: (machine) => void machine.memo.set(machine.input.byte(), top(machine)), // BINPUT
  0x72: (machine) => void machine.memo.set(machine.input.view(4).getUint32(0, true), top(machine)), // LONG_BINPUT
  0x94: (machine) => void machine.memo.set(machine.memo.size, top(machine)), // MEMOIZE
  0x68: (machine) => {
    recall(machine, machine.input.byte());
  }, // BINGET
  0x6a: (machine) => {
    recall(machine, machine.input.view(4).getUint32(0, true));
  }, // LONG_BINGET

  0x63: (machine) => {
    pushGlobal(machine, machine.input.line(), machine.input.line());
  }, // GLOBAL
  0x93: (machine) => {
    pushGlobal(machine, ...(popMany(machine, 2) as [unknown, unknown]));
  }, // STACK_GLOBAL
  0x69: instantiate, // INST
  0x52: reduce, // REDUCE
  0x62: build, // BUILD
  0x51: (machine) => void machine.stack.push(machine.environment.persistent(pop(machine))), // BINPERSID
};

function damaged({ input, location }: Machine, what: string): InputError {
  return new InputError(
    `${location}: expected a sound pickle, found ${what} before byte ${input.position}; the file is damaged`,
  );
}

function pop(machine: Machine): unknown {
  return popMany(machine, 1)[0];
}

function popMany(machine: Machine, count: number): unknown[] {
  const { stack, marks } = machine;
  if (stack.length - (marks.at(-1) ?? 0) < count) throw damaged(machine, 'too few values on the stack');
  return stack.splice(stack.length - count);
}

function popToMark(machine: Machine): unknown[] {
  const mark = machine.marks.pop();
  if (mark === undefined) throw damaged(machine, 'an end without a beginning');
  return machine.stack.splice(mark);
}

function top(machine: Machine): unknown {
  if (machine.stack.length === (machine.marks.at(-1) ?? 0)) throw damaged(machine, 'too few values on the stack');
  return machine.stack.at(-1);
}

function append(machine: Machine, items: readonly unknown[]): void {
  const list = top(machine);
  if (!Array.isArray(list)) throw damaged(machine, 'items for something that is no list');
  for (const item of items) list.push(item);
}

function setItems(machine: Machine, items: readonly unknown[]): void {
  const dictionary = top(machine);
  if (!(dictionary instanceof Map) || items.length % 2 !== 0)
    throw damaged(machine, 'items for something that is no dictionary');
  for (let i = 0; i < items.length; i += 2) dictionary.set(items[i], items[i + 1]);
}

function recall(machine: Machine, index: number): void {
  if (!machine.memo.has(index)) throw damaged(machine, `a reference to object ${index}, which is not there,`);
  machine.stack.push(machine.memo.get(index));
}

function pushGlobal(machine: Machine, module: unknown, name: unknown): void {
  if (typeof module !== 'string' || typeof name !== 'string') throw damaged(machine, 'a global without a name');
  machine.stack.push(machine.environment.global(`${module}.${name}`));
}

function reduce(machine: Machine): void {
  const [callee, args] = popMany(machine, 2);
  if (typeof callee !== 'function' || !Array.isArray(args))
    throw damaged(machine, 'a call of something that is no function');
  machine.stack.push((callee as PickleFunction)(args));
}

function instantiate(machine: Machine): void {
  pushGlobal(machine, machine.input.line(), machine.input.line());
  const callee = pop(machine);
  machine.stack.push(callee, popToMark(machine));
  reduce(machine);
}

/**
 * Sets attributes of an object. Only dictionaries have any here (a state dict's `_metadata`), and they are irrelevant
 * to tensors.
 */
function build(machine: Machine): void {
  pop(machine);
  if (!(top(machine) instanceof Map)) throw damaged(machine, 'attributes for something that is no dictionary');
}
