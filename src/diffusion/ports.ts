/** @file Tells a model's inputs apart, as exporters differ in names, order, ranks, types and fixed sizes. */
import { MAX_LENGTH } from '../text/max-length.js';
import type { Values } from './onnx.js';
import type { Port } from './onnx-signature.js';

/** A role that an input may have. */
export interface Role {
  /** Names that exporters give it, the hub's own first. */
  readonly names: readonly string[];
  /** The ranks that it may have. */
  readonly ranks: readonly number[];
}

/** The fixed size of a dimension; undefined if any size is allowed. */
export function fixedSize(size: number | string | undefined): number | undefined {
  return typeof size === 'number' && size > 0 ? size : undefined;
}

/** Inputs with a default value, by name, for a batch size. */
const DEFAULTS: Readonly<Record<string, (batch: number) => Values>> = {
  return_dict: () => scalar(0),
  cross_attention_scale: () => scalar(1),
  lora_scale: () => scalar(1),
  attention_mask: ones,
  encoder_attention_mask: ones,
};

const scalar = (value: number): Values => ({ values: Float32Array.of(value), shape: [] });

/** A mask in which every token counts. `[B, L]` */
function ones(batch: number): Values {
  return { values: new Float32Array(batch * MAX_LENGTH).fill(1), shape: [batch, MAX_LENGTH] };
}

/** The values of inputs without a role, for a batch size. */
export function defaultInputs(inputs: readonly Port[], batch: number): Record<string, Values> {
  const withDefault = inputs.filter(({ name }) => Object.hasOwn(DEFAULTS, name));
  return Object.fromEntries(
    withDefault.map(({ name, shape }) => {
      const { values, shape: own } = DEFAULTS[name]!(batch);
      return [name, { values, shape: values.length === 1 ? shape.map(() => 1) : own }];
    }),
  );
}

/**
 * Finds the input for each role: by name, or the only remaining one with a suitable rank.
 *
 * @returns undefined if a role has no input, or an input has neither a role nor a default
 */
export function assignRoles<R extends string>(
  inputs: readonly Port[],
  roles: Readonly<Record<R, Role>>,
): Readonly<Record<R, Port>> | undefined {
  const left = new Set(inputs.filter(({ name }) => !Object.hasOwn(DEFAULTS, name)));
  const found = new Map<R, Port>();
  const names = Object.keys(roles) as R[];
  const take = (role: R, candidates: readonly Port[]): void => {
    const fitting = candidates.filter(({ shape }) => roles[role].ranks.includes(shape.length));
    if (found.has(role) || fitting.length !== 1) return;
    found.set(role, fitting[0]!);
    left.delete(fitting[0]!);
  };
  for (const role of names)
    for (const name of roles[role].names)
      take(
        role,
        [...left].filter((port) => port.name === name),
      );
  for (const role of names) take(role, [...left]);
  return found.size === names.length && left.size === 0 ? (Object.fromEntries(found) as Record<R, Port>) : undefined;
}

/** The output with latents or pixels: by name, else the first of rank 4; undefined for a model without outputs. */
export function outputOf(outputs: readonly Port[], names: readonly string[]): Port | undefined {
  const named = names.map((name) => outputs.find((port) => port.name === name)).find((port) => port !== undefined);
  return named ?? outputs.find(({ shape }) => shape.length === 4) ?? outputs[0];
}
