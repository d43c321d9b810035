/** @file What of curves can be chosen wherever losses are drawn. */
import { slider, toggle } from './dom.js';
import type { CurveChoices, Look } from './view.js';

/** The shares of the past that a smoothed curve may keep. */
const SMOOTHING = { max: 0.98, step: 0.02 };

/**
 * A switch for a logarithmic axis, and a slider for how smooth curves are.
 *
 * @param choices are set
 * @param redraw called when they were
 */
export function curveControls({ words }: Look, choices: CurveChoices, redraw: () => void): HTMLElement[] {
  return [
    toggle(words.logScale, choices.log, (on) => {
      choices.log = on;
      redraw();
    }),
    slider(words.smoothing, { ...SMOOTHING, value: choices.smoothing }, (smoothing) => {
      choices.smoothing = smoothing;
      redraw();
    }),
  ];
}
