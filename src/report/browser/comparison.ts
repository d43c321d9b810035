/** @file The page that compares several runs: overlaid curves, differences, evaluations side by side. */
import type { ComparisonData } from '../pages.js';
import { curvesPart } from './comparison/curves.js';
import { differencesPart } from './comparison/differences.js';
import { evaluationsPart } from './comparison/evaluations.js';
import { namesOf, overviewPart } from './comparison/overview.js';
import { firstShown } from './comparison/shown.js';
import { showFollowed } from './followed-page.js';
import { problemsPart } from './run.js';

/** Shows runs side by side, and keeps the page live if it is served. */
export function showComparison(first: ComparisonData): void {
  const shown = firstShown(first.runs);
  showFollowed(first, {
    title: (page, { words }) => `${namesOf(page)} – ${words.comparison}`,
    parts: (page, look) => [
      () => overviewPart(look, page),
      () => curvesPart(look, page.runs, shown),
      () => differencesPart(look, page),
      () => evaluationsPart(look, page),
      ...(page.problems.length === 0 ? [] : [() => problemsPart(look, page.problems)]),
    ],
  });
}
