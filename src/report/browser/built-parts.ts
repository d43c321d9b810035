import { h } from './dom.js';
import type { Look, RunPart } from './view.js';

/** Builds a page's parts. One that fails leaves the others whole: its place says what went wrong. */
export function builtParts(builders: readonly (() => RunPart)[], { words }: Look): RunPart[] {
  return builders.map((build) => {
    try {
      return build();
    } catch (error) {
      console.error(error);
      const reason = error instanceof Error ? error.message : String(error);
      return { element: h('section', {}, h('p', { class: 'alarm' }, words.failedPart(reason))) };
    }
  });
}
