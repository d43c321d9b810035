/** @file The bar above a page: navigation, and switches for language and theme. */
import { THEMES, type Theme } from '../palette.js';
import { choice, h } from './dom.js';
import { recall, remember } from './memory.js';
import type { RunPart } from './view.js';
import { LANGUAGES, type Language, type Words } from './words.js';

/** How the reader wants pages to look; `auto`: as the system does. */
export interface Appearance {
  language: Language;
  theme: Theme | 'auto';
}

/** The remembered appearance, or else the browser's language and the system's theme. */
export function firstAppearance(): Appearance {
  return {
    language: recall('language', LANGUAGES) ?? (navigator.language.toLowerCase().startsWith('ko') ? 'ko' : 'en'),
    theme: recall('theme', ['auto', ...THEMES]) ?? 'auto',
  };
}

/**
 * The bar above a page.
 *
 * @param parts the page's parts; those with a heading are linked
 * @param home the address of the list of runs, if there is one
 * @param appearance updated and remembered when the reader chooses another
 * @param redraw called after that
 */
export function pageBar(
  words: Words,
  parts: readonly RunPart[],
  home: string | undefined,
  appearance: Appearance,
  redraw: () => void,
): HTMLElement {
  return h(
    'header',
    { class: 'bar' },
    h(
      'nav',
      { 'aria-label': words.sections },
      h('a', { href: home ?? '#overview', class: 'brand' }, 'kd'),
      home !== undefined && h('a', { href: home }, `← ${words.runs}`),
      parts.flatMap(sectionLink),
    ),
    h('div', { class: 'switches' }, switches(words, appearance, redraw)),
  );
}

/** A link to a part's section, under its heading. */
function sectionLink({ element }: RunPart): HTMLElement[] {
  const title = element.querySelector('h2')?.textContent;
  return title == null ? [] : [h('a', { href: `#${element.id}` }, title)];
}

function switches(words: Words, appearance: Appearance, redraw: () => void): HTMLElement[] {
  const set = <Name extends keyof Appearance>(name: Name, value: Appearance[Name]): void => {
    appearance[name] = value;
    remember(name, value);
    redraw();
  };
  return [
    choice(
      words.language,
      [
        ['en', 'EN'],
        ['ko', '한국어'],
      ],
      appearance.language,
      (language) => {
        set('language', language);
      },
    ),
    choice(
      words.theme,
      [
        ['auto', '◐', words.themeAuto],
        ['light', '☀', words.themeLight],
        ['dark', '☾', words.themeDark],
      ],
      appearance.theme,
      (theme) => {
        set('theme', theme);
      },
    ),
  ];
}
