/** @file The controls of loss curves: logarithmic axis and smoothing. */
import { slider, toggle } from './dom.js';
import type { CurveChoices, Look } from './view.js';

/** The range of smoothing weights. */
const SMOOTHING = { max: 0.98, step: 0.02 };

/**
 * A switch for a logarithmic axis, and a slider for smoothing.
 *
 * @param choices updated by the controls
 * @param redraw called after a change
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
