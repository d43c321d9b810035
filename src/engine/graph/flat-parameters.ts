/**
 * @file Flat parameters: small parameters stored end to end in one variable, as in PyTorch's FSDP. Launching an op of
 * the optimiser takes longer than running it on a bias, and every variable needs over twenty ops.
 */
import tf from '../../base/tfjs.cjs';
import { decays, momentName, MOMENTS } from '../../distill/adamw.js';
import type { OptimizerName } from '../../distill/choices.js';
import { trainableParameters, type Distillation } from '../../distill/loss.js';
import type { Gradients } from '../../distill/step.js';
import { sizeOf } from '../../base/shape.js';

/** By the name of each flat parameter: the names of its members, in order. */
export type FlatParameters = Readonly<Record<string, readonly string[]>>;

/** Parameters with more values than this have a variable of their own. */
const SMALL_VALUES = 100_000;

/** Groups the small trained parameters: those with weight decay, and those without. */
export function flatParametersOf(distillation: Distillation, optimizer: OptimizerName): FlatParameters {
  const { student } = distillation;
  const flat: Record<string, string[]> = {};
  for (const name of trainableParameters(distillation)) {
    if (sizeOf(student.shapes[name]!) > SMALL_VALUES) continue;
    const group = decays(optimizer, student.isBiasOrNorm(name)) ? 'flat/decayed' : 'flat/undecayed';
    (flat[group] ??= []).push(name);
  }
  return flat;
}

/** The flat parameters of both moments. */
export function flatMoments(flat: FlatParameters): FlatParameters {
  return Object.fromEntries(
    MOMENTS.flatMap((moment) =>
      Object.entries(flat).map(([name, members]) => [
        momentName(moment, name),
        members.map((member) => momentName(moment, member)),
      ]),
    ),
  );
}

/** Gradients laid out like their parameters: those of a flat parameter end to end, under its name. */
export function flattenGradients(gradients: Gradients, flat: FlatParameters): Gradients {
  const small = new Set(Object.values(flat).flat());
  const others = Object.entries(gradients).filter(([name]) => !small.has(name));
  const flattened = Object.entries(flat).map(
    ([name, members]) =>
      [
        name,
        tf.concat(
          members.map((member) => tf.reshape(gradients[member]!, [-1])),
          0,
        ), // [sum of the members' sizes]
      ] as const,
  );
  return Object.fromEntries([...flattened, ...others]);
}
