/** @file A line chart's legend, which shows and hides lines. */
import type { Line } from '../curve-series.js';
import { h } from './dom.js';

/** A line with an id that is unique in its chart and independent of language. */
export interface SwitchableLine extends Line {
  readonly id: string;
}

/** A legend whose entries show and hide lines. */
export interface LineLegend {
  readonly element: HTMLElement;
  /** Rebuilds it for other lines. */
  update(): void;
}

/**
 * A button for each line of a chart, pressed while the line is shown.
 *
 * @param lines returns the chart's current lines, including hidden ones
 * @param hidden the ids of hidden lines
 * @param onSwitch called when a line was hidden or shown
 */
export function lineLegend(
  lines: () => readonly SwitchableLine[],
  hidden: Set<string>,
  onSwitch: () => void,
): LineLegend {
  const element = h('div', { class: 'legend' });
  const buttonOf = ({ id, name, style, colour }: SwitchableLine, place: number): HTMLElement =>
    h(
      'button',
      {
        type: 'button',
        'aria-pressed': String(!hidden.has(id)),
        click: () => {
          if (!hidden.delete(id)) hidden.add(id);
          update();
          (element.children[place] as HTMLElement | undefined)?.focus(); // the button that was pressed is a new one
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
