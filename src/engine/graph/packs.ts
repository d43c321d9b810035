/**
 * @file Small parameters kept end to end in one variable: to start an op of the optimiser takes longer than to run it
 * on a bias, and there are over twenty of them for every parameter.
 */
import * as tf from '@tensorflow/tfjs-core';
import { decays, momentName, MOMENTS, type OptimizerName } from '../../distill/adamw.js';
import { trainableParameters, type Distillation } from '../../distill/loss.js';
import type { Gradients } from '../../distill/step.js';
import { sizeOf } from '../../models/text-encoder.js';

/** The names of the parameters in each pack, in order, by the pack's name. */
export type Packs = Readonly<Record<string, readonly string[]>>;

/** Parameters with more values are variables of their own. */
const SMALL_VALUES = 100_000;

/** The small ones among the trained parameters: those that weight decay touches, and those that it does not. */
export function packsOf(distillation: Distillation, optimizer: OptimizerName): Packs {
  const { student } = distillation;
  const packs: Record<string, string[]> = {};
  for (const name of trainableParameters(distillation)) {
    if (sizeOf(student.shapes[name]!) > SMALL_VALUES) continue;
    const pack = decays(optimizer, student.isBiasOrNorm(name)) ? 'pack/decayed' : 'pack/undecayed';
    (packs[pack] ??= []).push(name);
  }
  return packs;
}

/** The packs of both moments. */
export function momentPacks(packs: Packs): Packs {
  return Object.fromEntries(
    MOMENTS.flatMap((moment) =>
      Object.entries(packs).map(([pack, names]) => [
        momentName(moment, pack),
        names.map((name) => momentName(moment, name)),
      ]),
    ),
  );
}

/** Gradients as their parameters are kept: those of a pack end to end, under its name. */
export function packGradients(gradients: Gradients, packs: Packs): Gradients {
  const small = new Set(Object.values(packs).flat());
  const others = Object.entries(gradients).filter(([name]) => !small.has(name));
  const packed = Object.entries(packs).map(
    ([pack, names]) =>
      [
        pack,
        tf.concat(
          names.map((name) => tf.reshape(gradients[name]!, [-1])),
          0,
        ),
      ] as const,
  );
  return Object.fromEntries([...packed, ...others]);
}
