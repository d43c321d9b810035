/** @file The frame of every page: navigation, language and theme above; the time of writing below. */
import { PALETTES, THEMES, type Theme } from '../palette.js';
import type { PageFacts } from '../report-data.js';
import { builtParts } from './built-parts.js';
import { drawCharts } from './chart.js';
import { choice, h } from './dom.js';
import { formatFor } from './format.js';
import { recall, remember } from './memory.js';
import { heldFocus, openedDetails } from './rebuilding.js';
import type { Look, RunPart } from './view.js';
import { LANGUAGES, WORDS, type Language } from './words.js';

/** The contents of a page. */
export interface Contents {
  /** The current data. */
  facts(): PageFacts;
  title(look: Look): string;
  /** What builds the parts; called again for another language or theme. */
  parts(look: Look): readonly (() => RunPart)[];
}

/** The frame around a page's parts: title, controls and footer. */
export interface Shell {
  readonly look: () => Look;
  /** The parts as they are built now. */
  readonly parts: () => readonly RunPart[];
  /** Rebuilds the page. */
  readonly render: () => void;
  /** Updates the time of writing. */
  readonly renewFooter: () => void;
  readonly showConnection: (isThere: boolean) => void;
}

/** Shows a page, and rebuilds it when the reader chooses another language or theme. */
export function openShell(contents: Contents): Shell {
  let language = recall('language', LANGUAGES) ?? (navigator.language.toLowerCase().startsWith('ko') ? 'ko' : 'en');
  let theme = recall('theme', ['auto', ...THEMES]) ?? 'auto';
  const system = matchMedia('(prefers-color-scheme: dark)');
  let isPrinting = false;
  let parts: readonly RunPart[] = [];

  system.addEventListener('change', () => {
    if (theme === 'auto') render();
  });
  for (const [event, starts] of [
    ['beforeprint', true],
    ['afterprint', false],
  ] as const)
    addEventListener(event, () => {
      print(starts);
    });
  render();
  return { look, parts: () => parts, render, renewFooter, showConnection };

  function look(): Look {
    return { language, words: WORDS[language], format: formatFor(language), palette: PALETTES[shownTheme()] };
  }

  function shownTheme(): Theme {
    if (isPrinting) return 'light';
    return theme === 'auto' ? (system.matches ? 'dark' : 'light') : theme;
  }

  function render(): void {
    for (const part of parts) part.dispose?.();
    document.documentElement.lang = language;
    document.documentElement.dataset.theme = shownTheme();
    const now = look();
    document.title = contents.title(now);
    parts = builtParts(contents.parts(now), now);
    const [scrolled, refocus, reopen] = [scrollY, heldFocus(), openedDetails()];
    document.getElementById('page')!.replaceChildren(
      bar(now),
      h(
        'main',
        {},
        parts.map(({ element }) => element),
      ),
      footer(now),
    );
    reopen();
    scrollTo(0, scrolled);
    refocus();
  }

  /** Paper is white and narrow: what is printed is drawn for it, before the browser takes it. */
  function print(starts: boolean): void {
    isPrinting = starts;
    document.documentElement.classList.toggle('printing', starts);
    render();
    drawCharts();
  }

  /** Name, navigation, language and theme. */
  function bar({ words }: Look): HTMLElement {
    const titles = parts.flatMap(({ element }) => {
      const title = element.querySelector('h2')?.textContent;
      return title == null ? [] : [h('a', { href: `#${element.id}` }, title)];
    });
    const { home } = contents.facts();
    return h(
      'header',
      { class: 'bar' },
      h(
        'nav',
        { 'aria-label': words.sections },
        h('a', { href: home ?? '#overview', class: 'brand' }, 'kd'),
        home !== undefined && h('a', { href: home }, `← ${words.runs}`),
        titles,
      ),
      h(
        'div',
        { class: 'switches' },
        choice(
          words.language,
          [
            ['en', 'EN'],
            ['ko', '한국어'],
          ],
          language,
          (chosen: Language) => {
            language = chosen;
            remember('language', chosen);
            render();
          },
        ),
        choice(
          words.theme,
          [
            ['auto', '◐', words.themeAuto],
            ['light', '☀', words.themeLight],
            ['dark', '☾', words.themeDark],
          ],
          theme,
          (chosen) => {
            theme = chosen;
            remember('theme', chosen);
            render();
          },
        ),
      ),
    );
  }

  function footer({ words, format }: Look): HTMLElement {
    const { live, written, kd } = contents.facts();
    const when = live ? words.updated(format.time(written)) : words.written(format.time(written), kd);
    return h('footer', { class: 'quiet' }, h('span', { id: 'written' }, when), ' ', words.charts);
  }

  function renewFooter(): void {
    document.querySelector('footer')?.replaceWith(footer(look()));
  }

  function showConnection(isThere: boolean): void {
    const { words } = look();
    const sign = document.getElementById('live');
    if (sign === null) return;
    sign.textContent = isThere ? words.live : words.lost;
    sign.classList.toggle('lost', !isThere);
  }
}
