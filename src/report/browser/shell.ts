/** @file The frame of every page: navigation, language and theme above; the time of writing below. */
import { PALETTES, type Theme } from '../palette.js';
import type { PageFacts } from '../report-data.js';
import { builtParts } from './built-parts.js';
import { drawCharts } from './chart.js';
import { h } from './dom.js';
import { formatFor } from './format.js';
import { firstAppearance, pageBar } from './page-bar.js';
import { heldFocus, openedDetails } from './rebuilding.js';
import type { Look, RunPart } from './view.js';
import { WORDS } from './words.js';

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
  /** Shows on a live page whether its server answers. */
  readonly showConnection: (isThere: boolean) => void;
}

/** Shows a page, and rebuilds it when the reader chooses another language or theme. */
export function openShell(contents: Contents): Shell {
  const appearance = firstAppearance();
  const system = matchMedia('(prefers-color-scheme: dark)');
  let isPrinting = false;
  let parts: readonly RunPart[] = [];

  system.addEventListener('change', () => {
    if (appearance.theme === 'auto') render();
  });
  addEventListener('beforeprint', () => {
    drawFor(true);
  });
  addEventListener('afterprint', () => {
    drawFor(false);
  });
  render();
  return {
    look,
    parts: () => parts,
    render,
    renewFooter: () => {
      document.querySelector('footer')?.replaceWith(footer(look(), contents.facts()));
    },
    showConnection: (isThere) => {
      showConnection(isThere, look());
    },
  };

  function look(): Look {
    const { language } = appearance;
    return { language, words: WORDS[language], format: formatFor(language), palette: PALETTES[shownTheme()] };
  }

  function shownTheme(): Theme {
    const { theme } = appearance;
    if (isPrinting) return 'light';
    return theme === 'auto' ? (system.matches ? 'dark' : 'light') : theme;
  }

  function render(): void {
    for (const part of parts) part.dispose?.();
    document.documentElement.lang = appearance.language;
    document.documentElement.dataset.theme = shownTheme();
    const now = look();
    document.title = contents.title(now);
    parts = builtParts(contents.parts(now), now);
    const facts = contents.facts();
    const [scrolled, refocus, reopen] = [scrollY, heldFocus(), openedDetails()];
    document.getElementById('page')!.replaceChildren(
      pageBar(now.words, parts, facts.home, appearance, render),
      h(
        'main',
        {},
        parts.map(({ element }) => element),
      ),
      footer(now, facts),
    );
    reopen();
    scrollTo(0, scrolled);
    refocus();
  }

  /** Paper is white and narrow: what is printed is drawn for it, before the browser takes it. */
  function drawFor(paper: boolean): void {
    isPrinting = paper;
    document.documentElement.classList.toggle('printing', paper);
    render();
    drawCharts();
  }
}

/** The time of writing, and what draws the charts. */
function footer({ words, format }: Look, { live, written, kd }: PageFacts): HTMLElement {
  const when = live ? words.updated(format.time(written)) : words.written(format.time(written), kd);
  return h('footer', { class: 'quiet' }, h('span', { id: 'written' }, when), ' ', words.charts);
}

/** Shows on a live page whether its server answers. */
function showConnection(isThere: boolean, { words }: Look): void {
  const sign = document.getElementById('live');
  if (sign === null) return;
  sign.textContent = isThere ? words.live : words.lost;
  sign.classList.toggle('lost', !isThere);
}
