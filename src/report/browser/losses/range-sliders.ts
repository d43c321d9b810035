/** @file Two sliders for the range of steps, which show when they are reached with the keyboard. */
import { h } from '../dom.js';
import { shownSteps, type LogView } from './log-view.js';

/** Sliders for the first and the last step shown. */
export interface RangeSliders {
  readonly element: HTMLElement;
  /** Shows the range as it is now. */
  update(): void;
}

/**
 * Mounts the sliders, which move in hundredths of all steps.
 *
 * @param now returns the current report
 * @param onSlide called when a slider has changed `choices.range`
 */
export function rangeSliders(now: () => LogView, onSlide: () => void): RangeSliders {
  const { words } = now();
  const sliders = [words.rangeFrom, words.rangeTo].map((label, end) => {
    const input: HTMLInputElement = h('input', {
      type: 'range',
      min: 0,
      max: 100,
      'aria-label': label,
      input: () => {
        const { choices } = now();
        const other = choices.range[1 - end]!;
        const share = Number(input.value) / 100;
        // at least a hundredth stays visible
        choices.range = end === 0 ? [Math.min(share, other - 0.01), other] : [other, Math.max(share, other + 0.01)];
        update();
        onSlide();
      },
    });
    const output = h('output', {});
    return { element: h('label', { class: 'slider' }, h('span', {}, label), input, output), input, output };
  });
  update();
  return {
    element: h(
      'div',
      { class: 'controls range' },
      sliders.map(({ element }) => element),
    ),
    update,
  };

  function update(): void {
    const view = now();
    const steps = shownSteps(view);
    sliders.forEach(({ input, output }, end) => {
      const step = view.format.count(Math.round(steps[end]!));
      input.value = String(Math.round(100 * view.choices.range[end]!));
      input.setAttribute('aria-valuetext', `${view.words.step} ${step}`);
      output.textContent = step;
    });
  }
}
