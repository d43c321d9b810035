/** @file How runs are listed: a line each for people, an object each for programs. */
import { formatBytes, formatCount, formatDay, twoDigits } from '../base/format.js';
import type { Table } from '../evaluate/table.js';
import { textTable } from '../evaluate/table-text.js';
import type { DamagedRun, RunSummary } from '../runs/run-states.js';

/**
 * A table of runs in a terminal of so many columns:
 * `first  finished  600/600  0.4676  data/sample  2026-11-22 10:30  12.3 MB`
 */
export function runsTable(runs: readonly (RunSummary | DamagedRun)[], columns: number): string {
  const table: Table = {
    title: '',
    columns: [
      { title: 'run' },
      { title: 'state' },
      { title: 'step' },
      { title: 'best loss', format: (loss) => loss.toFixed(4) },
      { title: 'data' },
      { title: 'begun' },
      { title: 'size', format: formatBytes },
    ],
    rows: runs.map((run) =>
      run.state === 'damaged'
        ? [run.name, run.state, null, null, null, null, run.bytes]
        : [run.name, run.state, stepOf(run), run.best?.loss ?? null, run.data.join(' '), date(run.created), run.bytes],
    ),
    notes: runs.flatMap(({ name, error }) => (error === undefined ? [] : [`${name}: ${error}`])),
  };
  return textTable(table, columns);
}

/** `300/600`: the steps taken, of those planned. */
function stepOf({ step, steps }: RunSummary): string {
  return steps === null ? formatCount(step) : `${formatCount(step)}/${formatCount(steps)}`;
}

/** `2026-11-22 10:30` in local time; a text that is not a time is returned unchanged. */
function date(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return `${formatDay(time)} ${twoDigits(time.getHours())}:${twoDigits(time.getMinutes())}`;
}

/** A run as an event for `--json`. */
export function runObject(run: RunSummary | DamagedRun): { readonly event: 'run'; readonly [field: string]: unknown } {
  if (run.state === 'damaged') return { event: 'run', ...run };
  const { trainingPairs, ...others } = run;
  return { event: 'run', ...others, training_pairs: trainingPairs };
}
