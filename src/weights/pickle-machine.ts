/** @file The state of an unpickler, and the operations on it that may find a damaged pickle. */
import type { InputError } from '../base/errors.js';
import type { PickleReader } from './pickle-reader.js';
import { damagedFile } from './wording.js';

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
 * The stack machine of which a pickle is a program.
 *
 * Methods throw an `InputError` where the stack does not hold what an operation needs. Those that push a value return
 * the height of the stack, those that change one return it.
 */
export class PickleMachine {
  readonly stack: unknown[] = [];
  /** The positions of the open marks on the stack. */
  readonly marks: number[] = [];
  readonly memo = new Map<number, unknown>();

  /** @param location file, for messages */
  constructor(
    readonly input: PickleReader,
    readonly environment: PickleEnvironment,
    private readonly location: string,
  ) {}

  pop(): unknown {
    return this.popMany(1)[0];
  }

  popMany(count: number): unknown[] {
    this.checkHolds(count);
    return this.stack.splice(this.stack.length - count);
  }

  popToMark(): unknown[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.damaged('an end without a beginning');
    return this.stack.splice(mark);
  }

  top(): unknown {
    this.checkHolds(1);
    return this.stack.at(-1);
  }

  append(items: readonly unknown[]): unknown {
    const list = this.top();
    if (!Array.isArray(list)) throw this.damaged('items for something that is not a list');
    for (const item of items) list.push(item);
    return list;
  }

  setItems(items: readonly unknown[]): unknown {
    const dictionary = this.top();
    if (!(dictionary instanceof Map) || items.length % 2 !== 0)
      throw this.damaged('items for something that is not a dictionary');
    for (let i = 0; i < items.length; i += 2) dictionary.set(items[i], items[i + 1]);
    return dictionary;
  }

  recall(index: number): number {
    if (!this.memo.has(index)) throw this.damaged(`a reference to object ${index}, which is not there,`);
    return this.stack.push(this.memo.get(index));
  }

  pushGlobal(module: unknown, name: unknown): number {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.damaged('a global without a name');
    return this.stack.push(this.environment.global(`${module}.${name}`));
  }

  /** Calls a function. */
  reduce(): number {
    const [callee, args] = this.popMany(2);
    if (typeof callee !== 'function' || !Array.isArray(args))
      throw this.damaged('a call of something that is not a function');
    return this.stack.push((callee as PickleFunction)(args));
  }

  /** Calls a function that the pickle names, with what lies above the last mark. */
  instantiate(): number {
    this.pushGlobal(this.input.line(), this.input.line());
    const callee = this.pop();
    this.stack.push(callee, this.popToMark());
    return this.reduce();
  }

  /**
   * Sets attributes of an object. Only dictionaries have any here (a state dict's `_metadata`), and they are irrelevant
   * to tensors.
   */
  build(): unknown {
    this.pop();
    const dictionary = this.top();
    if (!(dictionary instanceof Map)) throw this.damaged('attributes for something that is not a dictionary');
    return dictionary;
  }

  /** Checks that so many values lie above the last mark. */
  private checkHolds(count: number): void {
    if (this.stack.length - (this.marks.at(-1) ?? 0) < count) throw this.damaged('too few values on the stack');
  }

  private damaged(what: string): InputError {
    return damagedFile(this.location, `expected a sound pickle, found ${what} before byte ${this.input.position}`);
  }
}
