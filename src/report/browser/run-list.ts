/** @file The list of all runs, running ones first. Each is a link; several can be selected for comparison. */
import type { RunListData } from '../pages.js';
import { h, nameOf, shownMessage, table } from './dom.js';
import { stepsOf } from './facts.js';
import { showFollowed } from './followed-page.js';
import type { Look, Part } from './view.js';
import type { Words } from './words.js';

type Listed = RunListData['runs'][number];

/** Shows the list and keeps it live. */
export function showRunList(first: RunListData): void {
  const chosen = new Set<string>();
  showFollowed(first, {
    title: (_, { words }) => words.runs,
    parts: (page, look) => [() => listPart(look, page, chosen)],
  });
}

function listPart(look: Look, { folder, runs, train }: RunListData, chosen: Set<string>): Part {
  const { words, format } = look;
  const compare = h('a', { class: 'action', id: 'compare' }, words.compare);
  const showChosen = (): void => {
    const names = runs.map(({ name }) => name).filter((name) => chosen.has(name));
    const query = new URLSearchParams(names.map((name) => ['run', name]));
    compare.hidden = names.length < 2;
    compare.href = `compare/?${query.toString()}`;
  };
  showChosen();
  const rows = runs.map((run) => row(look, run, chosen, showChosen));
  return {
    element: h(
      'section',
      { id: 'overview' },
      h('div', { class: 'title' }, h('h1', {}, words.runs), h('span', { class: 'state live', id: 'live' }, words.live)),
      h('p', { class: 'quiet' }, words.runsNote(format.count(runs.length), folder)),
      runs.length === 0
        ? h('p', {}, words.noRuns(train))
        : table([words.run, words.state, words.step, words.bestLoss, words.dataColumn, words.begun, words.size], rows, {
            numbers: 2,
          }),
      runs.length > 1 && h('p', { class: 'quiet' }, words.compareNote),
      compare,
    ),
  };
}

function row({ words, format }: Look, run: Listed, chosen: Set<string>, onChoice: () => void): (string | Node)[] {
  const box = h('input', {
    type: 'checkbox',
    'aria-label': words.compareWith(run.name),
    checked: chosen.has(run.name),
    change: () => {
      if (box.checked) chosen.add(run.name);
      else chosen.delete(run.name);
      onChoice();
    },
  });
  const size = format.bytes(run.bytes);
  if (run.state === 'damaged')
    return [
      h('span', { class: 'choose' }, nameOf(run.name)),
      stateOf(h('span', { class: 'alarm' }, words.damaged), run.error, words),
      ...['–', '–', '–', '–'],
      size,
    ];
  const link = h('a', { href: `runs/${encodeURIComponent(run.name)}/` }, run.name);
  const share = run.steps === null || run.steps === 0 ? undefined : Math.min(run.step / run.steps, 1);
  const isLive = run.state === 'starting' || run.state === 'training';
  return [
    h('span', { class: 'choose' }, box, nameOf(link)),
    stateOf(h('span', { class: `state ${run.state}` }, h('i', {}), words.states[run.state]), run.error, words),
    h(
      'span',
      {},
      stepsOf(format, run.step, run.steps),
      isLive && share !== undefined && h('span', { class: 'progress' }, h('i', { style: `width: ${100 * share}%` })),
    ),
    format.loss(run.best?.loss),
    run.data.join(' '),
    format.time(run.created),
    size,
  ];
}

/** A run's state, and below it the error that ended the run or why it cannot be read. */
function stateOf(state: HTMLElement, error: string | undefined, words: Words): HTMLElement {
  return h('div', {}, state, error !== undefined && h('div', { class: 'reason' }, shownMessage(error, words)));
}
