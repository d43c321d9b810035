/** @file The overview section of a comparison: which runs are compared, and which is best. */
import { areComparable } from '../../comparable.js';
import type { ComparisonData } from '../../pages.js';
import { bestValidation } from '../../../runs/best-validation.js';
import { h, nameOf, table } from '../dom.js';
import { stepsOf } from '../facts.js';
import type { Look, Part } from '../view.js';
import { colourOf } from './lines.js';

/** The names of the runs. */
export const namesOf = ({ runs }: ComparisonData): string => runs.map(({ run }) => run.name).join(', ');

/** One row per run. If losses are comparable, the lowest is marked, with any shown as equal. */
export function overviewPart(look: Look, page: ComparisonData): Part {
  const { words, format } = look;
  const bests = page.runs.map(({ validation }) => bestValidation(validation));
  const isComparable = areComparable(page);
  const lowest = format.loss(Math.min(...bests.map((best) => best?.loss ?? Infinity)));
  const rows = page.runs.map(({ run }, i) => {
    const best = bests[i];
    const loss = format.loss(best?.loss);
    return [
      h('span', {}, h('i', { class: 'dot', style: `background: ${colourOf(look, i)}` }), nameOf(run.name)),
      words.states[run.state],
      stepsOf(format, run.step, run.totalSteps),
      isComparable && best !== undefined && loss === lowest && page.runs.length > 1
        ? h('strong', { class: 'best' }, loss)
        : loss,
      format.loss(best?.loss_ko),
      format.loss(best?.loss_en),
      best === undefined ? '–' : format.count(best.step),
      format.rate(run.pairsPerSecond),
    ];
  });
  const head = [
    words.run,
    words.state,
    words.step,
    words.bestLoss,
    words.korean,
    words.english,
    words.bestStep,
    words.pairsPerSecond,
  ];
  return {
    element: h(
      'section',
      { id: 'overview' },
      h(
        'div',
        { class: 'title' },
        h('h1', {}, namesOf(page)),
        page.live && h('span', { class: 'state live', id: 'live' }, words.live),
      ),
      h('p', { class: 'quiet' }, `${words.comparisonNote} ${isComparable ? words.lowestMarked : words.otherLosses}`),
      table(head, rows, { numbers: 2 }),
      page.runs.map(
        ({ run: { name, validationSample: sample, validationPairs: all } }) =>
          sample !== null &&
          h('p', { class: 'quiet' }, words.validatedOn(name, format.count(sample), format.count(all))),
      ),
    ),
  };
}
