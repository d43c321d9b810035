/** @file Creates elements with text content only: sentences and file names are never parsed as HTML. */
import type { Words } from './words.js';

type Child = Node | string | undefined | false;

/** Attributes by name. A function becomes the listener of the event of that name; undefined and false are left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>;

/** An element with attributes and children. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat()) if (child !== undefined && child !== false) element.append(child);
  return element;
}

/** A path or list that may break after its separators. */
export function breakable(text: string): (string | Node)[] {
  return text.split(/(?<=[/\\,])/).flatMap((part, i) => (i === 0 ? [part] : [h('wbr'), part]));
}

/** A message of kd, which is in English in every language. */
export function shownMessage(text: string, { englishMessage }: Pick<Words, 'englishMessage'>): Node[] {
  return [document.createTextNode(englishMessage), h('span', { lang: 'en' }, text)];
}

/** A name that a reader has given: it may be long, and then takes several lines in a table. */
export function nameOf(name: string | Node): HTMLElement {
  return h('strong', { class: 'name' }, name);
}

/** A row of buttons. */
export interface Chooser<Value extends string> {
  readonly element: HTMLElement;
  /** Presses the button of a value, or none. */
  choose(value: Value | undefined): void;
}

/** The values of a row of buttons, each with its text and, if that is only a sign, its name. */
type Values<Value extends string> = readonly (readonly [value: Value, text: string, name?: string])[];

/** A row of buttons, one of which is pressed; none initially if nothing is chosen. */
export function choice<Value extends string>(
  label: string,
  values: Values<Value>,
  chosen: Value | undefined,
  onChoose: (value: Value) => void,
): HTMLElement {
  return chooser(label, values, chosen, onChoose).element;
}

/** The same for a value that is also chosen by other means. */
export function chooser<Value extends string>(
  label: string,
  values: Values<Value>,
  chosen: Value | undefined,
  onChoose: (value: Value) => void,
): Chooser<Value> {
  const buttons = values.map(([value, text, name]) =>
    h(
      'button',
      {
        type: 'button',
        title: name,
        'aria-label': name,
        click: () => {
          choose(value);
          onChoose(value);
        },
      },
      text,
    ),
  );
  const choose = (pressed: Value | undefined): void => {
    values.forEach(([value], i) => {
      buttons[i]!.setAttribute('aria-pressed', String(value === pressed));
    });
  };
  choose(chosen);
  return { element: h('div', { class: 'choice', role: 'group', 'aria-label': label }, buttons), choose };
}

/** A switch. */
export function toggle(label: string, on: boolean, onToggle: (on: boolean) => void): HTMLElement {
  const input = h('input', {
    type: 'checkbox',
    role: 'switch',
    checked: on,
    change: () => {
      onToggle(input.checked);
    },
  });
  return h('label', { class: 'toggle' }, input, h('span', {}, label));
}

/** A slider from 0, in steps of hundredths, with its value beside it. */
export function slider(
  label: string,
  { value, max, step }: { readonly value: number; readonly max: number; readonly step: number },
  onSlide: (value: number) => void,
): HTMLElement {
  const output = h('output', {}, value.toFixed(2));
  const input = h('input', {
    type: 'range',
    min: 0,
    max,
    step,
    value,
    input: () => {
      output.textContent = Number(input.value).toFixed(2);
      onSlide(Number(input.value));
    },
  });
  return h('label', { class: 'slider' }, h('span', {}, label), input, output);
}

/** A table; cells from column `numbers` on are right-aligned numbers. */
export function table(
  head: readonly (string | Node)[],
  rows: readonly (readonly (string | Node)[])[],
  { label, numbers = 1 }: { readonly label?: string; readonly numbers?: number } = {},
): HTMLElement {
  const cell = (tag: 'td' | 'th', content: string | Node, column: number): HTMLElement =>
    h(tag, { class: column >= numbers ? 'number' : undefined, scope: tag === 'th' ? 'col' : undefined }, content);
  return h(
    'div',
    {
      class: 'scroll',
      tabindex: 0,
      role: 'region',
      'aria-label': label ?? head.map((each) => (typeof each === 'string' ? each : each.textContent)).join(', '),
    },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          head.map((content, column) => cell('th', content, column)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            row.map((content, column) =>
              column === 0 ? h('th', { scope: 'row' }, content) : cell('td', content, column),
            ),
          ),
        ),
      ),
    ),
  );
}

/** A collapsible part whose content is created when it is first opened. */
export function details(summary: string, content: () => Node): HTMLElement {
  const element = h(
    'details',
    {
      toggle: () => {
        if (element.open && element.childElementCount === 1) element.append(content());
      },
    },
    h('summary', {}, summary),
  );
  return element;
}
