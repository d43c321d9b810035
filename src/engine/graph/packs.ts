/**
 * @file Small parameters stored end to end in one variable: launching an op of the optimiser takes longer than running
 * it on a bias, and every parameter needs over twenty ops.
 */
import * as tf from '@tensorflow/tfjs-core';
import { decays, momentName, MOMENTS, type OptimizerName } from '../../distill/adamw.js';
import { trainableParameters, type Distillation } from '../../distill/loss.js';
import type { Gradients } from '../../distill/step.js';
import { sizeOf } from '../../models/text-encoder.js';

/** The names of the parameters in each pack, in order, by the pack's name. */
export type Packs = Readonly<Record<string, readonly string[]>>;

/** Larger parameters are variables of their own. */
const SMALL_VALUES = 100_000;

/** The small trained parameters: those with weight decay, and those without. */
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

/** Gradients laid out like their parameters: those of a pack end to end, under its name. */
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
