/** @file The results of a run at a glance. */
import { bestValidation } from '../../runs/best-validation.js';
import { h, shownMessage } from './dom.js';
import { fact } from './facts.js';
import { shortName } from './format.js';
import type { RunPart, View } from './view.js';

/** The page header: name, state and the main numbers. */
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
  const untrained = validation.find(({ step, loss }) => step === 0 && loss !== null);
  const best = bestValidation(validation) ?? untrained;
  return [
    h(
      'div',
      { class: 'title' },
      h('h1', {}, run.name),
      h('span', { class: `state ${run.state}` }, h('i', {}), words.states[run.state]),
      live && h('span', { class: 'state live', id: 'live' }, words.live),
    ),
    ...(run.error === undefined ? [] : [h('p', { class: 'alarm' }, shownMessage(run.error, words))]),
    h('p', { class: 'quiet' }, words.learns(shortName(run.student.source), shortName(run.teacher.source))),
    ...(run.state === 'starting' ? [h('p', { class: 'waiting' }, words.starting)] : []),
    h(
      'div',
      { class: 'facts' },
      best !== undefined &&
        fact(
          words.validationLoss,
          format.loss(best.loss),
          [
            // allow a line break only before the plus sign
            `${words.korean}\u00a0${format.loss(best.loss_ko)} ` +
              `+\u00a0${words.english}\u00a0${format.loss(best.loss_en)}`,
            best.step === 0 ? words.untrained : words.atStep(format.count(best.step)),
            run.validationSample === null
              ? undefined
              : words.sampled(format.count(run.validationSample), format.count(run.validationPairs)),
            untrained !== undefined && best !== untrained
              ? words.fromUntrained(format.loss(untrained.loss), change(best.loss! / untrained.loss!))
              : undefined,
          ],
          { className: 'main' },
        ),
      fact(words.steps, format.count(run.step), [
        run.totalSteps === null ? undefined : words.ofSteps(format.count(run.totalSteps)),
        run.epochs === null ? undefined : words.epochOf(format.count(Math.max(run.epoch, 1)), format.count(run.epochs)),
      ]),
      ...timeFacts({ run, words, format }),
      fact(words.pairs, format.count(run.trainingPairs), [words.pairsNote(format.count(run.validationPairs))]),
    ),
    ...(share === undefined || run.state === 'finished' ? [] : [progress(share, words.steps)]),
  ];
}

/** How long the run has trained and how fast; for a running one, also the time left. */
function timeFacts({ run, words, format }: Pick<View, 'words' | 'format'> & Pick<View['data'], 'run'>): HTMLElement[] {
  const isAtWork = run.state === 'starting' || run.state === 'training';
  const started = words.startedAt(format.time(run.created));
  const trained = run.trainedSeconds === null ? [] : [words.trained(format.duration(run.trainedSeconds))];
  const time = isAtWork
    ? fact(words.timeLeft, format.duration(run.secondsLeft), [
        run.secondsLeft === null ? words.timeLeftLater : words.withoutValidations,
        ...trained,
        started,
      ])
    : fact(words.trainingTime, format.duration(run.trainedSeconds), [words.withoutValidations, started]);
  if (run.pairsPerSecond === null) return [time];
  const speed = fact(
    words.speed,
    format.rate(run.meanPairsPerSecond),
    [words.meanSpeed, words.lastSpeed(format.rate(run.pairsPerSecond))],
    { unit: words.pairsPerSecond },
  );
  return [time, speed];
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

/** `−88%` */
function change(ratio: number): string {
  const percent = Math.round(100 * (ratio - 1));
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent)}%`;
}
