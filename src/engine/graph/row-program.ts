/**
 * @file Programs of row loops: groups of ops in the words that `native/row_program.h` reads.
 */
import type { CallForm, GraphFunction } from './functions.js';
import type { Attributes } from './graph.js';
import { rowGroupOf, type Instruction, type RowGroup } from './row-group.js';

/** Where an instruction's result goes. */
interface Temporary {
  readonly isArray: boolean;
  readonly isShared: boolean;
}

/** A returned value. */
interface Output {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly source: string;
}

/** The op of row loops (`native/row_loop.cc`). */
export const ROW_LOOP = 'KdRowLoop';

/** The row loop that computes a function; undefined if none can. */
export function rowLoop(definition: GraphFunction): CallForm | undefined {
  const group = rowGroupOf(definition);
  if (group === undefined) return undefined;
  const attributes: Attributes = {
    Tin: { types: definition.inputs.map(({ dtype }) => dtype) },
    Tout: { types: definition.outputs.map((of) => definition.nodes.find(({ name }) => name === of)!.dtype) },
    program: { text: write(definition, group) },
  };
  return { op: ROW_LOOP, attributes };
}

const kindOf = (isArray: boolean): string => (isArray ? 'array' : 'number');
const timesOf = (isShared: boolean): string => (isShared ? 'shared' : 'row');
const bitsOf = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;

/** Writes slots (inputs, constants, temporaries, outputs), then instructions. */
function write(definition: GraphFunction, group: RowGroup): string {
  const { space, constants, places, instructions } = group;
  const outputs = definition.outputs.map((name): Output => {
    const { dtype, shape } = definition.nodes.find((node) => node.name === name)!;
    return { dtype, shape, source: group.sourceOf(name) };
  });
  const direct = directOutputs(outputs, group);
  const { temporaries, temporaryOf } = allocate(instructions, outputs, direct);

  const inputs = definition.inputs.map(({ dtype }, i) => {
    const name = `argument:${i}`;
    const { isArray, terms, rows } = places.get(name)!;
    const isShared = rows === 1 && !(isArray && space.rows === 1);
    const numbers = [rows, terms.length, ...terms.flatMap(({ divisor, size, stride }) => [divisor, size, stride])];
    return `input ${dtype} ${kindOf(isArray)} ${timesOf(isShared)} ${numbers.join(' ')}`;
  });
  const fixed = [...constants.keys()];
  const firstTemporary = inputs.length + fixed.length;
  const firstOutput = firstTemporary + temporaries.length;
  const slotOf = (source: string): number => {
    if (source.startsWith('argument:')) return Number(source.slice('argument:'.length));
    if (constants.has(source)) return inputs.length + fixed.indexOf(source);
    const output = direct.get(source);
    return output === undefined ? firstTemporary + temporaryOf.get(source)! : firstOutput + output;
  };
  const copied = outputs.flatMap((output, i) =>
    isInMemory(output, places) && direct.get(output.source) !== i ? [i] : [],
  );
  return [
    `rows ${space.rows}`,
    `width ${space.width}`,
    ...inputs,
    ...[...constants.values()].map((value) => `constant ${bitsOf(value)}`),
    ...temporaries.map(({ isArray, isShared }) => `temporary ${kindOf(isArray)} ${timesOf(isShared)}`),
    ...outputs.map((output, i) => {
      const { dtype, shape, source } = output;
      const from = isInMemory(output, places) ? firstOutput + i : slotOf(source);
      return `output ${dtype} ${kindOf(places.get(source)!.isArray)} ${from} ${[shape.length, ...shape].join(' ')}`;
    }),
    ...instructions.map(({ node, operands, isShared, isRounded }) => {
      const [a = 0, b = a, c = a] = operands.map(slotOf);
      const times = `${timesOf(isShared)} ${isRounded ? 'rounded' : 'exact'}`;
      return `do ${node.op} ${times} ${slotOf(node.name)} ${a} ${b} ${c}`;
    }),
    ...copied.map((i) => {
      const from = slotOf(outputs[i]!.source);
      return `do Cast row exact ${firstOutput + i} ${from} ${from} ${from}`;
    }),
  ].join('\n');
}

/** Whether a row loop computes an output where TensorFlow has it: an array of the loop's own dtype. */
function isInMemory({ dtype, source }: Output, places: RowGroup['places']): boolean {
  return dtype === 'float32' && places.get(source)!.isArray;
}

/** The indices of outputs that are their values' only place, by the values' sources. */
function directOutputs(outputs: readonly Output[], { places, instructions }: RowGroup): ReadonlyMap<string, number> {
  const computed = new Set(instructions.map(({ node }) => node.name));
  const direct = new Map<string, number>();
  for (const [i, output] of outputs.entries())
    if (isInMemory(output, places) && computed.has(output.source) && !direct.has(output.source))
      direct.set(output.source, i);
  return direct;
}

/** Gives every other computed value a temporary. Those of values that are not read any more are used again. */
function allocate(
  instructions: readonly Instruction[],
  outputs: readonly Output[],
  direct: ReadonlyMap<string, number>,
): { temporaries: readonly Temporary[]; temporaryOf: ReadonlyMap<string, number> } {
  const lastReads = new Map<string, number>();
  for (const [i, { operands }] of instructions.entries()) for (const source of operands) lastReads.set(source, i);
  for (const { source } of outputs) lastReads.set(source, Infinity);
  const temporaries: Temporary[] = [];
  const temporaryOf = new Map<string, number>();
  const free: number[] = [];
  for (const [i, { node, operands, isArray, isShared }] of instructions.entries()) {
    for (const source of new Set(operands)) {
      const temporary = temporaryOf.get(source);
      const isOver = temporary !== undefined && lastReads.get(source) === i && !temporaries[temporary]!.isShared;
      if (isOver) free.push(temporary);
    }
    if (direct.has(node.name)) continue;
    const reused = isShared ? -1 : free.findIndex((each) => temporaries[each]!.isArray === isArray);
    const temporary = reused < 0 ? temporaries.length : free.splice(reused, 1)[0]!;
    if (reused < 0) temporaries.push({ isArray, isShared });
    temporaryOf.set(node.name, temporary);
  }
  return { temporaries, temporaryOf };
}
