/** @file The pictures section: a contact sheet of pictures drawn with the run's text encoders. */
import type { ContactSheet, Thumbnail } from '../report-data.js';
import { h } from './dom.js';
import { shortName } from './format.js';
import type { Part, View } from './view.js';

/** The pictures section. */
export function picturesPart(view: View, { total, pictures }: ContactSheet): Part {
  const { words, format } = view;
  return {
    element: h(
      'section',
      { id: 'pictures' },
      h('h2', {}, words.pictures),
      h('p', { class: 'quiet' }, words.picturesNote(format.count(pictures.length), format.count(total))),
      h(
        'div',
        { class: 'sheet' },
        pictures.map((picture) => figure(view, picture)),
      ),
    ),
  };
}

function figure(
  { words, format }: View,
  { image, width, height, kind, prompts, encoders, seed, steps, guidance, trouble }: Thumbnail,
): HTMLElement {
  const noise = seed === null ? words.noiseFromFile : words.seed(String(seed));
  const prompt = prompts.map((text) => `“${text}”`).join(', ');
  const how = [
    ...(kind === 'grid' ? [] : encoders.map(shortName)),
    noise,
    words.denoising(format.count(steps), String(guidance)),
  ].join(' · ');
  return h(
    'figure',
    { class: kind },
    h(
      'div',
      { class: 'scroll', ...(kind === 'grid' ? { tabindex: 0, role: 'region', 'aria-label': prompt } : {}) },
      h('img', { src: image, width, height, alt: prompt }),
    ),
    h(
      'figcaption',
      {},
      kind === 'picture' && h('span', {}, prompts.join(', ')), // a grid is already labelled
      h('span', { class: 'quiet' }, how),
      trouble !== undefined && h('span', { class: 'alarm' }, trouble),
    ),
  );
}
