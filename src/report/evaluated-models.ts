/** @file The models of an evaluation as a page shows them. */
import type { ModelFacts } from '../evaluate/evaluation.js';

/**
 * Removes duplicates: the same checkpoint, or a baseline with the same parameters and scores, such as the untrained
 * student of several runs, which is then named by its role alone.
 */
export function withoutCopies<Model extends ModelFacts>(models: readonly Model[]): Model[] {
  const known = new Map<string, Model>();
  for (const model of models) {
    const { name, role, source } = model;
    const { scores, correlation } = model as { readonly scores?: unknown; readonly correlation?: unknown };
    const key = role === 'student' ? `${name} ${source}` : JSON.stringify([role, source, scores, correlation]);
    const earlier = known.get(key);
    if (earlier === undefined) known.set(key, model);
    else if (role === 'untrained' && earlier.name !== name) known.set(key, { ...earlier, name: '' });
  }
  return [...known.values()].sort((a, b) => ROLE_ORDER.indexOf(a.role) - ROLE_ORDER.indexOf(b.role));
}

const ROLE_ORDER: readonly string[] = ['teacher', 'untrained', 'student'];
