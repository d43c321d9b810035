/** @file Controls that set what the reader has chosen to see. */
import { choice, h, slider, toggle } from './dom.js';
import type { CurveChoices, Look } from './view.js';

/** The range of smoothing weights. */
const SMOOTHING = { max: 0.98, step: 0.02 };

/** A row of controls. */
export function controlRow(...controls: readonly (HTMLElement | readonly HTMLElement[])[]): HTMLElement {
  return h('div', { class: 'controls' }, ...controls);
}

/** What sets one of the reader's choices and redraws what depends on it. */
function setter<Chosen, Name extends keyof Chosen>(
  choices: Chosen,
  name: Name,
  redraw: () => void,
): (value: Chosen[Name]) => void {
  return (value) => {
    choices[name] = value;
    redraw();
  };
}

/**
 * A row of buttons for one of the reader's choices.
 *
 * @param choices updated by the buttons
 * @param values each value with the text of its button
 * @param redraw called after a change
 */
export function choiceOf<Name extends string, Chosen extends Record<Name, string>>(
  choices: Chosen,
  name: Name,
  label: string,
  values: readonly (readonly [value: Chosen[Name], text: string])[],
  redraw: () => void,
): HTMLElement {
  return choice(label, values, choices[name], setter(choices, name, redraw));
}

/**
 * A switch for a logarithmic axis, and a slider for smoothing.
 *
 * @param choices updated by the controls
 * @param redraw called after a change
 */
export function curveControls({ words }: Look, choices: CurveChoices, redraw: () => void): HTMLElement[] {
  return [
    toggle(words.logScale, choices.log, setter(choices, 'log', redraw)),
    slider(words.smoothing, { ...SMOOTHING, value: choices.smoothing }, setter(choices, 'smoothing', redraw)),
  ];
}
