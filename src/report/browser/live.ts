/** @file Keeps a page up to date while a run trains. */
import type { News, Position, ReportData } from '../report-data.js';
import { CURVES, Series, type CurveRow } from '../series.js';

/** A report that knows how far it has got. */
export interface LiveReport extends ReportData {
  readonly position: Position;
}

/** The report as it is, and its curves. */
export interface State {
  report: LiveReport;
  series: Series;
}

const INTERVAL_MS = 2_000;

/**
 * Asks the server for what is new, again and again; not while nobody looks.
 *
 * @param state is brought up to date
 * @param apply is called after that, and told whether other sections than the logs have changed
 */
export function followNews(
  state: State,
  apply: (sectionsChanged: boolean) => void,
  onConnection: (isThere: boolean) => void,
): void {
  const ask = async (): Promise<void> => {
    if (!document.hidden)
      await askOnce(state, apply).then(
        () => {
          onConnection(true);
        },
        () => {
          onConnection(false);
        },
      );
    setTimeout(() => {
      void ask();
    }, INTERVAL_MS);
  };
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void askOnce(state, apply).catch(() => undefined);
  });
  setTimeout(() => {
    void ask();
  }, INTERVAL_MS);
}

async function askOnce(state: State, apply: (sectionsChanged: boolean) => void): Promise<void> {
  const { generation, rows, sections } = state.report.position;
  const response = await fetch(
    `/news?${new URLSearchParams({ generation, rows: String(rows), sections }).toString()}`,
    { cache: 'no-store' },
  );
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const news = (await response.json()) as News;
  if (state.report.position.rows !== rows) return; // another answer was faster
  if (news.training !== undefined) state.series = Series.from(news.training);
  else state.series.add((news.rows ?? []).map(rowOf));
  state.report = {
    ...state.report,
    written: new Date().toISOString(),
    position: news.position,
    run: news.run,
    validation: news.validation,
    ...(news.sections === undefined ? {} : { sections: news.sections }),
  };
  apply(news.sections !== undefined);
}

function rowOf([step, epoch, ...values]: readonly (number | null)[]): CurveRow {
  return {
    step: step!,
    epoch: epoch!,
    ...(Object.fromEntries(CURVES.map((curve, i) => [curve, values[i] ?? NaN])) as Record<
      (typeof CURVES)[number],
      number
    >),
  };
}
