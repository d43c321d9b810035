/** @file Fingerprints of a run's data and models, to check that they are unchanged on resuming. */
import { createHash } from 'node:crypto';
import type { PretrainedModel } from '../models/pretrained.js';
import type { Fingerprints } from '../runs/trainer-state.js';
import type { RunModel } from './models.js';

/** Fingerprints of models and tokenizers, keyed by their names in messages. */
export async function modelFingerprints(
  teacher: RunModel,
  student: RunModel,
  randomSeed: number | undefined,
): Promise<Fingerprints> {
  const tokenizers = Object.fromEntries(
    [teacher, student].map(({ role, tokenizer }) => [`${role} tokenizer`, tokenizer.fingerprint ?? 'none']),
  );
  return {
    teacher: await modelFingerprint(teacher.model, randomSeed),
    student: await modelFingerprint(student.model, randomSeed),
    ...tokenizers,
  };
}

/**
 * SHA-256 over a model's configuration and all parameter values, in the order of the parameters' names.
 *
 * @param randomSeed for a randomly initialised model, whose values follow from the seed
 */
async function modelFingerprint(model: PretrainedModel, randomSeed: number | undefined): Promise<string> {
  const parts = [JSON.stringify(model.encoder.config)];
  if (randomSeed !== undefined) parts.push(`random ${randomSeed}`);
  else {
    for await (const [name, { buffer, byteOffset, byteLength }] of model.parameters()) {
      parts.push(
        `${name} ${createHash('sha256')
          .update(new Uint8Array(buffer, byteOffset, byteLength))
          .digest('hex')}`,
      );
    }
  }
  return createHash('sha256').update(parts.sort().join('\n')).digest('hex');
}
