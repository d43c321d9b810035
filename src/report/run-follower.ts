/** @file Reads a run for its report, once or repeatedly while it trains. */
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PREVIEWS_FOLDER } from '../app/pictures/run-previews.js';
import { PICTURES_FILE, PICTURES_FOLDER } from '../diffusion/pictures.js';
import { EVALUATION_FILE } from '../evaluate/evaluation-file.js';
import { followLossLog, followSkippedSteps, followValidationLog, type ValidationRow } from '../runs/log-reader.js';
import { readRunConfig } from '../runs/run-config.js';
import { RUN_CONFIG } from '../runs/run-folder.js';
import { VERSION } from '../base/version.js';
import type { FrameCache } from './film-strips.js';
import type { News, Position, ReportData, RunFacts, Sections, ValidationPoint } from './report-data.js';
import { runFacts } from './run-facts.js';
import { sectionsOf } from './run-sections.js';
import { CURVES, Series, type CurveRow } from './series.js';
import { TRANSLATIONS_FILE } from './translations-file.js';

/** Follows a run for an open page. */
export interface RunFollower {
  /** The complete current report. */
  report(live: boolean): Promise<ReportData & { readonly position: Position }>;
  /** What has been added since a position. */
  newsSince(position: Position): Promise<News>;
}

/** If there are more new rows than this, complete curves are sent instead. */
const MAX_ROWS = 2048;

/** The files, other than logs, that sections are made from. */
const SECTION_FILES = [
  RUN_CONFIG,
  EVALUATION_FILE,
  TRANSLATIONS_FILE,
  join(PICTURES_FOLDER, PICTURES_FILE),
  join(PREVIEWS_FOLDER, PICTURES_FILE),
];

/**
 * Follows a run. Calls are handled one at a time.
 *
 * @param folder the run's folder
 * @throws InputError, in every call, for a folder that is not a run
 */
export function followRun(folder: string): RunFollower {
  const [lossLog, validationLog] = [followLossLog(folder), followValidationLog(folder)];
  const skippedLog = followSkippedSteps(folder);
  let skippedSteps = 0;
  let series = new Series();
  let rows: CurveRow[] = [];
  let validations: ValidationRow[] = [];
  let generation = randomUUID();
  let sections: Sections | undefined;
  let sectionsKey = '';
  const frames: FrameCache = new Map();
  let last: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };

  return {
    report: (live) =>
      inTurn(async () => {
        const run = await refresh();
        return {
          kind: 'run' as const,
          written: new Date().toISOString(),
          kd: VERSION,
          live,
          position: position(),
          run,
          training: series.toJSON(),
          validation: validations.map(validationPoint),
          sections: sections!,
        };
      }),
    newsSince: (known) =>
      inTurn(async () => {
        const run = await refresh();
        const isContinued =
          known.generation === generation && known.rows <= rows.length && rows.length - known.rows <= MAX_ROWS;
        return {
          position: position(),
          run,
          validation: validations.map(validationPoint),
          ...(isContinued ? { rows: rows.slice(known.rows).map(rowJson) } : { training: series.toJSON() }),
          ...(known.sections === sectionsKey ? {} : { sections: sections! }),
        };
      }),
  };

  function position(): Position {
    return { generation, rows: rows.length, sections: sectionsKey };
  }

  /** Reads what is new since the last call. */
  async function refresh(): Promise<RunFacts> {
    const config = await readRunConfig(folder);
    const loss = await lossLog.next();
    if (loss.restarted) [series, rows, generation] = [new Series(), [], randomUUID()];
    series.add(loss.rows);
    rows = rows.concat(loss.rows);
    const validation = await validationLog.next();
    if (validation.restarted) validations = [];
    validations = validations.concat(validation.rows);
    const skipped = await skippedLog.next();
    skippedSteps = (skipped.restarted ? 0 : skippedSteps) + skipped.rows.length;
    const key = await keyOf(folder);
    if (sections === undefined || key !== sectionsKey)
      [sections, sectionsKey] = [await sectionsOf(folder, config, frames), key];
    return runFacts(folder, config, {
      rows,
      validated: validations.at(-1),
      skippedSteps,
      skippedLines: lossLog.skipped + validationLog.skipped,
    });
  }
}

/** A key that changes when a file used by the sections changes. */
async function keyOf(folder: string): Promise<string> {
  const keys = SECTION_FILES.map((name) =>
    stat(join(folder, name)).then(
      ({ size, mtimeMs }) => `${size}.${Math.round(mtimeMs)}`,
      () => '-',
    ),
  );
  return (await Promise.all(keys)).join(' ');
}

type Value = number | null;

const numberOrNull = (value: number): Value => (Number.isFinite(value) ? Number(value.toPrecision(6)) : null);

function validationPoint({ step, epoch, ...row }: ValidationRow): ValidationPoint {
  const [loss, loss_en, loss_ko] = [row.loss, row.loss_en, row.loss_ko].map(numberOrNull) as [Value, Value, Value];
  return { step, epoch, loss, loss_en, loss_ko, pairs: Number.isFinite(row.pairs) ? row.pairs : null };
}

function rowJson(row: CurveRow): (number | null)[] {
  return [row.step, row.epoch, ...CURVES.map((curve) => numberOrNull(row[curve]))];
}
