/**
 * @file Finds the prefix of a model's tensors in a checkpoint. Frameworks prepend their own names (`module.`,
 * `_orig_mod.`, `cond_stage_model.transformer.`), so tensors are found by the ends of their names.
 */
import { InputError } from '../base/errors.js';
import type { TensorInfo } from './tensor-source.js';
import { shown } from './wording.js';

/** A model's tensors under one prefix of a checkpoint, by the model's own names. */
export interface Tower {
  readonly prefix: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** What the model expects. */
export interface Expectation {
  /** Shapes by the model's own names. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Whether a name may be missing. */
  readonly optional: (name: string) => boolean;
}

/** The prefix of a CLIP text model's names, which newer files omit. */
const TEXT_MODEL = 'text_model.';
/** A vision tower's layers have the same names as a text model's, and may have the same shapes. */
const VISION = /(?:^|\.)(?:vision_model|visual)\./;
/** What wrappers insert into the middle of names: `torch.compile`, FSDP, activation checkpointing. */
const WRAPPERS = /(^|\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)(?=\.)/g;

/**
 * The model's tensors in a checkpoint: those under its own names if all are there, else those under the only prefix
 * that has all of them in the right shape, else those under the prefix that has most.
 *
 * @throws InputError if several prefixes have all of them
 */
export function findTower(tensors: ReadonlyMap<string, TensorInfo>, expected: Expectation, location: string): Tower {
  const names = Object.keys(expected.shapes);
  const own = names.every((name) => name.startsWith(TEXT_MODEL)) ? TEXT_MODEL : '';
  const towers = towersIn(tensors, names, own);
  const ownTower = towers.get(own) ?? { prefix: own, tensors: new Map<string, TensorInfo>() };
  if (isComplete(ownTower, expected)) return ownTower;
  const complete = [...towers.values()].filter((tower) => isComplete(tower, expected));
  if (complete.length > 1) {
    const prefixes = complete.slice(0, 3).map(({ prefix }) => (prefix === '' ? 'no prefix' : shown(prefix)));
    throw new InputError(
      `${location}: expected one text model of this configuration, found ${complete.length}, under ` +
        `${prefixes.join(' and ')}; keep the one that is meant in a file of its own`,
    );
  }
  return complete[0] ?? [...towers.values()].reduce((most, tower) => (isLarger(tower, most) ? tower : most), ownTower);
}

function isLarger(a: Tower, b: Tower): boolean {
  return a.tensors.size > b.tensors.size;
}

function isComplete({ tensors }: Tower, { shapes, optional }: Expectation): boolean {
  return Object.entries(shapes).every(([name, shape]) => {
    const tensor = tensors.get(name);
    return tensor === undefined ? optional(name) : isSameShape(tensor.shape, shape);
  });
}

/** Whether two shapes are equal. */
export function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** Every prefix under which a checkpoint has at least one of the names. */
function towersIn(
  tensors: ReadonlyMap<string, TensorInfo>,
  names: readonly string[],
  own: string,
): ReadonlyMap<string, Tower> {
  const nameOfEnd = new Map<string, string>();
  for (const name of names)
    for (const end of [olderName(name.slice(own.length)), name.slice(own.length)]) nameOfEnd.set(end, name);
  const maxParts = Math.max(0, ...[...nameOfEnd.keys()].map((end) => end.split('.').length));
  const towers = new Map<string, { prefix: string; tensors: Map<string, TensorInfo> }>();
  for (const tensor of tensors.values()) {
    const end = endIn(tensor.name, nameOfEnd, maxParts);
    if (end === undefined) continue;
    const prefix = end.of.slice(0, end.of.length - end.text.length);
    if (VISION.test(prefix)) continue;
    const tower = towers.get(prefix) ?? { prefix, tensors: new Map<string, TensorInfo>() };
    const name = nameOfEnd.get(end.text)!;
    const isExact = tensor.name === prefix + name.slice(own.length);
    if (isExact || !tower.tensors.has(name)) tower.tensors.set(name, tensor);
    towers.set(prefix, tower);
  }
  return towers;
}

/** The longest suffix of a tensor's name that the model knows, with or without the wrappers in the middle. */
function endIn(
  name: string,
  known: ReadonlyMap<string, string>,
  maxParts: number,
): { readonly of: string; readonly text: string } | undefined {
  for (const candidate of name.includes('_') ? [name, name.replace(WRAPPERS, '').replace(/^\./, '')] : [name]) {
    const starts = startsOfEnds(candidate, maxParts);
    const start = starts.find((start) => known.has(candidate.slice(start)));
    if (start !== undefined) return { of: candidate, text: candidate.slice(start) };
  }
  return undefined;
}

/** Where the suffixes of a dotted name begin, longest first. Names come from files, and may be of any length. */
function startsOfEnds(name: string, maxParts: number): number[] {
  const starts: number[] = [];
  for (let at = name.length; starts.length < maxParts && at > 0;) {
    const dot = name.lastIndexOf('.', at - 1);
    starts.push(dot + 1);
    at = dot;
  }
  return starts.reverse();
}

/** Renames the LayerNorm parameters of the first BERTs, converted from TensorFlow, as transformers does. */
function olderName(name: string): string {
  return name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
}
