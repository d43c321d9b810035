/** @file The results of a run at a glance. */
import { h } from './dom.js';
import { shortName } from './format.js';
import type { RunPart, View } from './view.js';

/** The head of the page: name, state, and the numbers that matter. */
export function headerPart(first: View): RunPart {
  const element = h('section', { id: 'overview' });
  const draw = (view: View): void => {
    element.replaceChildren(...contents(view));
  };
  draw(first);
  return { element, update: draw };
}

function contents({ data: { run, live, validation }, words, format }: View): HTMLElement[] {
  const share = run.totalSteps === null || run.totalSteps === 0 ? undefined : Math.min(run.step / run.totalSteps, 1);
  const losses = validation.filter((point): point is typeof point & { readonly loss: number } => point.loss !== null);
  const best = losses.reduce<(typeof losses)[number] | undefined>(
    (a, b) => (a === undefined || b.loss < a.loss ? b : a),
    undefined,
  );
  const untrained = losses.find(({ step }) => step === 0);
  return [
    h(
      'div',
      { class: 'title' },
      h('h1', {}, run.name),
      h('span', { class: `state ${run.state}` }, h('i', {}), words.states[run.state]),
      live && h('span', { class: 'state live', id: 'live' }, words.live),
    ),
    ...(run.error === undefined ? [] : [h('p', { class: 'alarm' }, run.error)]),
    h('p', { class: 'quiet' }, words.learns(shortName(run.student.source), shortName(run.teacher.source))),
    h(
      'div',
      { class: 'facts' },
      best !== undefined &&
        fact(
          words.validationLoss,
          format.loss(best.loss),
          [
            `${words.english} ${format.loss(best.loss_en)} + ${words.korean} ${format.loss(best.loss_ko)}`,
            untrained !== undefined && best !== untrained
              ? words.fromUntrained(format.loss(untrained.loss), change(best.loss / untrained.loss))
              : undefined,
          ],
          'main',
        ),
      fact(words.steps, format.count(run.step), [
        run.totalSteps === null ? undefined : words.ofSteps(format.count(run.totalSteps)),
        run.epochs === null || run.epoch === 0
          ? undefined
          : words.epochOf(format.count(run.epoch), format.count(run.epochs)),
      ]),
      fact(words.pairs, format.count(run.trainingPairs), [words.pairsNote(format.count(run.validationPairs))]),
      run.pairsPerSecond !== null &&
        fact(words.speed, format.rate(run.pairsPerSecond), [words.speedNote], undefined, words.pairsPerSecond),
    ),
    ...(share === undefined || run.state === 'finished' ? [] : [progress(share, words.steps)]),
  ];
}

function fact(
  title: string,
  value: string,
  notes: readonly (string | undefined)[],
  className = '',
  unit?: string,
): HTMLElement {
  return h(
    'div',
    { class: `fact ${className}` },
    h('span', { class: 'fact-title' }, title),
    h('b', {}, value, unit !== undefined && h('small', {}, ` ${unit}`)),
    notes.map((note) => note !== undefined && h('span', { class: 'quiet' }, note)),
  );
}

function progress(share: number, label: string): HTMLElement {
  return h(
    'div',
    {
      class: 'progress',
      role: 'progressbar',
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': Math.round(100 * share),
    },
    h('i', { style: `width: ${100 * share}%` }),
  );
}

/** `−88 %` */
function change(ratio: number): string {
  const percent = Math.round(100 * (ratio - 1));
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent)} %`;
}
