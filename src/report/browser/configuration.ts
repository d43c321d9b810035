/** @file The section with a run's settings and environment. */
import { h } from './dom.js';
import { entries } from './facts.js';
import type { Entry } from '../report-data.js';
import type { Part, View } from './view.js';

/** The section with settings and environment. */
export function configurationPart({ words, data: { sections }, format }: View): Part {
  const named = sections.environment.map(([name, value]): Entry => [
    words.environmentNames[name] ?? name,
    name === 'created' ? format.time(value) : words.environmentValue(name, value),
  ]);
  const element = h(
    'section',
    { id: 'configuration' },
    h('h2', {}, words.configuration),
    h('h3', {}, words.repeat),
    command(sections.commands.repeat, words.copy, words.copied),
    h(
      'div',
      { class: 'halves' },
      h('div', {}, h('h3', {}, words.settings), entries(sections.settings, true)),
      h('div', {}, h('h3', {}, words.environment), entries(named, false)),
    ),
  );
  return { element };
}

/** A command line with a copy button. */
function command(text: string, copy: string, copied: string): HTMLElement {
  const button = h(
    'button',
    {
      type: 'button',
      class: 'copy',
      click: () => {
        void navigator.clipboard.writeText(text).then(() => {
          button.textContent = copied;
        });
      },
    },
    copy,
  );
  return h('div', { class: 'command' }, h('code', { tabindex: 0 }, text), button);
}
