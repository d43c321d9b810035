/** @file Sentences that are compared with each other's translations. */
import type { Translations } from '../../report-data.js';
import { fixed } from '../format.js';

/** Compared sentences, all of whose similarities are numbers. */
export interface Compared extends Translations {
  readonly similarity: readonly (readonly number[])[];
}

/** Whether all similarities are numbers: they are not if outputs of the student are not finite. */
export function isComparable(translations: Translations): translations is Compared {
  return translations.similarity.every((row) => row.every((value) => value !== null));
}

/** A similarity, which may differ from others in its last digits only. */
export function formatSimilarity(value: number): string {
  return fixed(value, 4);
}

/** The rank of a sentence's own translation among all sentences by similarity, from 1. */
export function rankOf(similarities: readonly number[], own: number): number {
  return 1 + similarities.filter((value, i) => i !== own && value >= similarities[own]!).length;
}
