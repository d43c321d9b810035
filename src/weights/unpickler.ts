/**
 * @file An unpickler that only builds numbers, strings, lists, dictionaries, and what its caller provides for a
 * global's name. It imports nothing and runs nothing. Lists and tuples both become arrays.
 *
 * Opcodes: https://github.com/python/cpython/blob/v3.12.0/Lib/pickletools.py. Supports those of protocol 2, which
 * `torch.save` writes, and the few that its other protocols need.
 */
import { InputError } from '../base/errors.js';
import { PickleMachine, type PickleEnvironment } from './pickle-machine.js';
import { PickleReader } from './pickle-reader.js';

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
  const machine = new PickleMachine(new PickleReader(pickle, location), environment, location);
  for (let count = 0; count < MAX_OPCODES; count++) {
    const at = machine.input.position;
    const opcode = machine.input.byte();
    if (opcode === STOP) return machine.pop();
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

const STOP = 0x2e;

/** By opcode, with its name in pickletools. What they return is not used. */
const OPERATIONS: Readonly<Record<number, (machine: PickleMachine) => unknown>> = {
  0x80: ({ input }) => input.byte(), // PROTO
  0x95: ({ input }) => input.bytes(8), // FRAME
  0x28: ({ marks, stack }) => marks.push(stack.length), // MARK
  0x30: (machine) => machine.pop(), // POP
  0x31: (machine) => machine.popToMark(), // POP_MARK
  0x32: (machine) => machine.stack.push(machine.top()), // DUP

  0x4e: ({ stack }) => stack.push(null), // NONE
  0x88: ({ stack }) => stack.push(true), // NEWTRUE
  0x89: ({ stack }) => stack.push(false), // NEWFALSE
  0x4a: ({ stack, input }) => stack.push(input.view(4).getInt32(0, true)), // BININT
  0x4b: ({ stack, input }) => stack.push(input.byte()), // BININT1
  0x4d: ({ stack, input }) => stack.push(input.view(2).getUint16(0, true)), // BININT2
  0x8a: ({ stack, input }) => stack.push(input.integer(input.byte())), // LONG1
  0x47: ({ stack, input }) => stack.push(input.view(8).getFloat64(0)), // BINFLOAT
  0x58: ({ stack, input }) => stack.push(input.text(input.view(4).getUint32(0, true))), // BINUNICODE
  0x8c: ({ stack, input }) => stack.push(input.text(input.byte())), // SHORT_BINUNICODE

  0x5d: ({ stack }) => stack.push([]), // EMPTY_LIST
  0x29: ({ stack }) => stack.push([]), // EMPTY_TUPLE
  0x7d: ({ stack }) => stack.push(new Map()), // EMPTY_DICT
  0x74: (machine) => machine.stack.push(machine.popToMark()), // TUPLE
  0x85: (machine) => machine.stack.push(machine.popMany(1)), // TUPLE1
  0x86: (machine) => machine.stack.push(machine.popMany(2)), // TUPLE2
  0x87: (machine) => machine.stack.push(machine.popMany(3)), // TUPLE3
  0x61: (machine) => machine.append([machine.pop()]), // APPEND
  0x65: (machine) => machine.append(machine.popToMark()), // APPENDS
  0x73: (machine) => machine.setItems(machine.popMany(2)), // SETITEM
  0x75: (machine) => machine.setItems(machine.popToMark()), // SETITEMS

  0x71: (machine) => machine.memo.set(machine.input.byte(), machine.top()), // BINPUT
  0x72: (machine) => machine.memo.set(machine.input.view(4).getUint32(0, true), machine.top()), // LONG_BINPUT
  0x94: (machine) => machine.memo.set(machine.memo.size, machine.top()), // MEMOIZE
  0x68: (machine) => machine.recall(machine.input.byte()), // BINGET
  0x6a: (machine) => machine.recall(machine.input.view(4).getUint32(0, true)), // LONG_BINGET

  0x63: (machine) => machine.pushGlobal(machine.input.line(), machine.input.line()), // GLOBAL
  0x93: (machine) => machine.pushGlobal(...(machine.popMany(2) as [unknown, unknown])), // STACK_GLOBAL
  0x69: (machine) => machine.instantiate(), // INST
  0x52: (machine) => machine.reduce(), // REDUCE
  0x62: (machine) => machine.build(), // BUILD
  0x51: (machine) => machine.stack.push(machine.environment.persistent(machine.pop())), // BINPERSID
};
