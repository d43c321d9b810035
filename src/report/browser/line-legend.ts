/** @file The legend of a chart of lines, which switches them off and on. */
import type { Line } from '../curve-series.js';
import { h } from './dom.js';

/** A line with what tells it from others of its chart, in every language. */
export interface SwitchableLine extends Line {
  readonly id: string;
}

/** A legend whose entries switch lines on and off. */
export interface LineLegend {
  readonly element: HTMLElement;
  /** Makes it anew, for other lines. */
  update(): void;
}

/**
 * A button for each line of a chart, pressed where the line is shown.
 *
 * @param lines are the chart's lines as they are now, those that are switched off too
 * @param hidden the ids of lines that are switched off
 * @param onSwitch called when a line was switched off or on
 */
export function lineLegend(
  lines: () => readonly SwitchableLine[],
  hidden: Set<string>,
  onSwitch: () => void,
): LineLegend {
  const element = h('div', { class: 'legend' });
  const buttonOf = ({ id, name, style, colour }: SwitchableLine): HTMLElement =>
    h(
      'button',
      {
        type: 'button',
        'aria-pressed': String(!hidden.has(id)),
        click: () => {
          if (!hidden.delete(id)) hidden.add(id);
          update();
          onSwitch();
        },
      },
      h('i', { class: style, style: `--colour: ${colour}` }),
      name,
    );
  const update = (): void => {
    element.replaceChildren(...lines().map(buttonOf));
  };
  return { element, update };
}
