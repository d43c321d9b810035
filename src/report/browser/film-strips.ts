/** @file The previews section: for each prompt, a film strip of pictures from the run's checkpoints. */
import type { FilmStrip, FilmStrips, Frame } from '../report-data.js';
import { h } from './dom.js';
import type { Part, View } from './view.js';

/** Scroll positions of strips that the reader has scrolled back; the others show their newest frame. */
const scrolledTo = new Map<string, number>();

/** The section of previews. */
export function filmStripsPart(view: View, { total, strips }: FilmStrips): Part {
  const { words, format } = view;
  const frames = strips.map(({ checkpoints, frames }) => ({
    shown: frames.filter(({ of }) => of === 'student').length,
    checkpoints,
  }));
  const longest = frames.reduce((a, b) => (b.checkpoints > a.checkpoints ? b : a));
  const ways = new Set(strips.map((strip) => howOf(view, strip)));
  return {
    element: h(
      'section',
      { id: 'previews' },
      h('h2', {}, words.previews),
      h(
        'p',
        { class: 'quiet' },
        words.previewsNote,
        longest.shown < longest.checkpoints &&
          ` ${words.someFrames(format.count(longest.shown), format.count(longest.checkpoints))}`,
        strips.length < total && ` ${words.someStrips(format.count(strips.length), format.count(total))}`,
      ),
      ways.size === 1 && h('p', { class: 'quiet' }, [...ways]),
      strips.map((strip) => stripOf(view, strip, ways.size > 1)),
    ),
  };
}

/** How the pictures of a strip were drawn. */
function howOf({ words, format }: View, { seed, steps, guidance }: FilmStrip): string {
  const noise = seed === null ? words.noiseFromFile : words.seed(String(seed));
  return `${noise} · ${words.denoising(format.count(steps), String(guidance))}`;
}

function stripOf(view: View, strip: FilmStrip, saysHow: boolean): HTMLElement {
  const { words } = view;
  const { prompt, frames } = strip;
  const how = howOf(view, strip);
  const key = JSON.stringify([prompt, how]);
  const film = h(
    'ol',
    {
      class: 'film',
      tabindex: 0,
      'aria-label': words.filmStrip(prompt.ko),
      scroll: () => {
        const isAtEnd = film.scrollLeft + film.clientWidth >= film.scrollWidth - 2;
        if (isAtEnd) scrolledTo.delete(key);
        else scrolledTo.set(key, film.scrollLeft);
      },
    },
    frames.map((frame) => frameOf(view, frame, frame.of === 'teacher' ? prompt.en : prompt.ko)),
  );
  requestAnimationFrame(() => {
    film.scrollLeft = scrolledTo.get(key) ?? film.scrollWidth; // by now the strip is in the document
  });
  return h(
    'figure',
    { class: 'strip' },
    h(
      'figcaption',
      {},
      h('span', { lang: 'ko' }, prompt.ko),
      h('span', { class: 'quiet', lang: 'en' }, prompt.en),
      saysHow && h('span', { class: 'quiet how' }, how),
    ),
    film,
  );
}

function frameOf(
  { words, format, data }: View,
  { image, width, height, of, step, trouble }: Frame,
  prompt: string,
): HTMLElement {
  const isBest = of === 'student' && Number(data.run.best?.replace('step-', '')) === step;
  const names = {
    teacher: words.teacherFrame,
    untrained: words.untrained,
    student: words.stepFrame(format.count(step)),
  };
  return h(
    'li',
    { class: of },
    h('img', { src: image, width, height, alt: `${names[of]}: ${prompt}` }),
    h(
      'span',
      { class: isBest ? 'best' : trouble === undefined ? 'quiet' : 'alarm' },
      names[of],
      isBest && ` ${words.best}`,
    ),
    trouble !== undefined && h('span', { class: 'alarm' }, trouble),
  );
}
