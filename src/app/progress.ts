/** @file Shows progress: a bar on a terminal, otherwise a line every now and then. */
import { SingleBar, type Options } from 'cli-progress';
import stringWidth from 'string-width';
import { BarTerminal } from './bar-terminal.js';
import type { Progress } from './reporter.js';
import { formatBytes, formatCount, formatDuration, formatRate } from '../base/format.js';
import { shortenText } from '../base/wrap.js';

/** What is counted. If the total is unknown (Infinity), there is a count but no bar. */
export interface Task {
  readonly title: string;
  readonly total: number;
  readonly unit: string;
}

/** A task and its progress. */
export interface TaskState extends Task {
  readonly value: number;
  readonly notes: readonly string[];
}

/** A bar is shown only for tasks that take longer, in milliseconds. */
const BAR_DELAY_MS = 1_000;

/** The time between lines of progress, which replace the bar without a terminal, in milliseconds. */
const PLAIN_INTERVAL_MS = 10_000;

const BAR_WIDTH = { least: 8, most: 24 } as const;

/** A bar on the terminal's last line, which is removed when stopped. */
export interface Bar extends Progress {
  /** Hides the bar until the next update, so that something else can be written. */
  hide(): void;
}

/** Shows a bar on standard error. */
export function terminalBar(task: Task): Bar {
  const started = performance.now();
  let shown: SingleBar | undefined;
  const hide = (): void => {
    shown?.stop();
    shown = undefined;
  };
  return {
    update(value, notes) {
      if (shown === undefined && performance.now() - started < BAR_DELAY_MS) return;
      const payload = { notes: notes ?? pace(task, value, (performance.now() - started) / 1000) };
      if (shown !== undefined) {
        shown.update(value, payload);
        return;
      }
      shown = startBar(task);
      shown.start(task.total, value, payload);
    },
    hide,
    stop: hide,
  };
}

function startBar(task: Task): SingleBar {
  const options: Options & { readonly terminal: BarTerminal } = {
    // The last column stays free: some terminals wrap as soon as it is filled.
    format: (_, { value, maxWidth }: { value: number; maxWidth: number }, { notes }: { notes: readonly string[] }) =>
      progressLine({ ...task, value, notes }, maxWidth - 1),
    stream: process.stderr,
    terminal: new BarTerminal(process.stderr), // supported by the library, but missing from its types
    clearOnComplete: true,
    fps: 8,
    // The bar must leave signals alone, and the terminal as it is, in case a signal ends the process.
    linewrap: true,
    hideCursor: false,
    gracefulExit: false,
  };
  return new SingleBar(options);
}

/** Writes progress as lines for logs: the first after `PLAIN_INTERVAL_MS`, none at the end. */
export function plainLines(
  task: Task,
  write: (line: string) => void,
  now: () => number = () => performance.now(),
): Progress {
  const started = now();
  let last = started;
  return {
    update(value, notes) {
      if (now() - last < PLAIN_INTERVAL_MS) return;
      last = now();
      const shown = notes ?? pace(task, value, (last - started) / 1000);
      write([`${task.title}: ${amount({ ...task, value })}`, ...shown].join('  '));
    },
    stop: () => undefined,
  };
}

/**
 * `epoch 1/2 [████░░░░] 12/40 steps  loss_en 2.1481  0:01:05 left` in at most `columns` columns. If space is short, the
 * bar shrinks and then disappears, then the unit, then the notes, starting with the last; at last the title is
 * shortened.
 */
export function progressLine({ notes, ...state }: TaskState, columns: number): string {
  const { title, value, total } = state;
  const line = (middle: string, kept = notes.length): string =>
    [`${title} ${middle}`, ...notes.slice(0, kept)].join('  ');
  const [full, short] = [amount(state), amount({ ...state, unit: '' })];
  const room = Math.min(columns - stringWidth(line(`[] ${full}`)), BAR_WIDTH.most);
  if (room >= BAR_WIDTH.least && total !== Infinity) return line(`[${bar(value / total, room)}] ${full}`);
  const shorter = [line(full), ...notes.map((_, dropped) => line(short, notes.length - dropped)), line(short, 0)];
  return shorter.find((candidate) => stringWidth(candidate) <= columns) ?? shortest(title, short, columns);
}

function shortest(title: string, count: string, columns: number): string {
  const room = columns - stringWidth(count) - 1;
  return room < 2 ? shortenText(count, columns) : `${shortenText(title, room)} ${count}`;
}

function bar(share: number, width: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** `12/40 steps`, `1,000 pairs`, `1.2 GB of 1.7 GB` */
function amount({ value, total, unit }: Omit<TaskState, 'title' | 'notes'>): string {
  if (unit === 'bytes')
    return total === Infinity ? formatBytes(value) : `${formatBytes(value)} of ${formatBytes(total)}`;
  return `${total === Infinity ? formatCount(value) : `${formatCount(value)}/${formatCount(total)}`} ${unit}`.trimEnd();
}

/** `0:00:12 left`, `1,234 pairs/s` */
function pace({ total, unit }: Task, value: number, seconds: number): string[] {
  const rate = value / Math.max(seconds, 1e-3);
  const shown = unit === 'bytes' ? `${formatBytes(rate)}/s` : `${formatRate(rate)} ${unit}/s`;
  return total === Infinity ? [shown] : [`${formatDuration((total - value) / Math.max(rate, 1e-9))} left`, shown];
}
