/** @file Keeps a page up to date while a run trains. */
import type { PageData } from '../pages.js';
import type { News, Position, ReportData } from '../report-data.js';
import { CURVES, Series, type CurveRow } from '../series.js';

/** A report with the position that it has been read up to. */
export interface LiveReport extends ReportData {
  readonly position: Position;
}

/** The current report and its curves. */
export interface State {
  report: LiveReport;
  series: Series;
}

const INTERVAL_MS = 2_000;

/**
 * Polls the server for updates while the page is visible.
 *
 * @param state updated in place
 * @param apply called after an update; its argument says whether anything but the logs has changed
 */
export function followNews(
  state: State,
  apply: (sectionsChanged: boolean) => void,
  onConnection: (isThere: boolean) => void,
): void {
  repeat(() => askOnce(state, apply), onConnection);
}

/**
 * Polls the server for the whole page.
 *
 * @param apply called with the page if anything but its time has changed
 */
export function followPage<Page extends PageData>(
  first: Page,
  apply: (page: Page) => void,
  onConnection: (isThere: boolean) => void,
): void {
  const keyOf = (page: Page): string => JSON.stringify({ ...page, written: '' });
  let known = keyOf(first);
  repeat(async () => {
    const page = (await asked(`news${location.search}`)) as Page;
    if (keyOf(page) === known) return;
    known = keyOf(page);
    apply(page);
  }, onConnection);
}

function repeat(ask: () => Promise<void>, onConnection: (isThere: boolean) => void): void {
  const next = async (): Promise<void> => {
    if (!document.hidden)
      await ask().then(
        () => {
          onConnection(true);
        },
        () => {
          onConnection(false);
        },
      );
    setTimeout(() => {
      void next();
    }, INTERVAL_MS);
  };
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void ask().catch(() => undefined);
  });
  setTimeout(() => {
    void next();
  }, INTERVAL_MS);
}

async function asked(address: string): Promise<unknown> {
  const response = await fetch(address, { cache: 'no-store' });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

async function askOnce(state: State, apply: (sectionsChanged: boolean) => void): Promise<void> {
  const { generation, rows, sections } = state.report.position;
  const query = new URLSearchParams({ generation, rows: String(rows), sections });
  const news = (await asked(`news?${query.toString()}`)) as News;
  if (state.report.position.rows !== rows) return; // another response came first
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
