/** @file The columns of judged pairs in delimited files: by the names in a header, or by their number. */
import { InputError } from '../base/errors.js';
import { isSameName } from '../data/columns.js';
import { checkedPair, isScore, NAMES } from './sts-pair.js';
import type { StsPair } from './sts.js';

/** A row and its line number, for messages. */
export interface StsRow {
  readonly fields: readonly string[];
  readonly line: number;
}

/** The column indices of score and sentences. */
type Places = readonly [score: number, sentence1: number, sentence2: number];

/** The columns of a file without a header that has only these: the score is first or last. */
const THREE: readonly Places[] = [
  [0, 1, 2],
  [2, 0, 1],
];

/** The fewest columns that judged pairs have. */
export const MIN_COLUMNS = THREE[0]!.length;

/** The columns of STS-B, which has no header: after genre, file, year and id. Sources of the sentences may follow. */
const STS_BENCHMARK: Places = [4, 5, 6];
const STS_BENCHMARK_COLUMNS = { fewest: 7, most: 9 };

/** Whether a row is a header of judged pairs, or the first of a file without one. */
export function isFirstRow(fields: readonly string[]): boolean {
  const areNamed = Object.values(NAMES).every((names) =>
    names.some((name) => fields.some((field) => isSameName(field, name))),
  );
  return areNamed || knownPlaces(fields) !== undefined;
}

/**
 * The pairs of rows, with or without a header.
 *
 * @throws InputError for unrecognised columns, and for a row without score or sentences
 */
export function pairsOf(rows: readonly StsRow[], path: string): StsPair[] {
  if (rows.length === 0)
    throw new InputError(`${path}: expected judged pairs, got an empty file; give rows of score, sentence1, sentence2`);
  const header = placesByName(rows[0]!, path);
  const places = header ?? placesByCount(rows[0]!, path);
  const count = rows[0]!.fields.length;
  const columns = places === STS_BENCHMARK ? STS_BENCHMARK_COLUMNS : { fewest: count, most: count };
  checkDecimals(rows, places[0], path);
  return rows.slice(header === undefined ? 0 : 1).map((row) => pairOf(row, places, columns, path));
}

/**
 * The columns by the names in a header, of several names for one thing the first; undefined for a row that is not a
 * header.
 *
 * @throws InputError for a name that two columns have
 */
function placesByName({ fields, line }: StsRow, path: string): Places | undefined {
  const places = [NAMES.score, NAMES.sentence1, NAMES.sentence2].map((names) => {
    const name = names.find((known) => fields.some((field) => isSameName(field, known)));
    if (name === undefined) return [];
    return [...fields.keys()].filter((place) => isSameName(fields[place]!, name));
  });
  if (places.some(({ length }) => length === 0)) return undefined;
  const twice = places.find(({ length }) => length > 1);
  if (twice === undefined) return places.map(([place]) => place) as unknown as Places;
  throw new InputError(
    `${path} line ${line}: expected one column ${fields[twice[0]!]!}, got ${twice.length} of that name; ` +
      'leave one, or rename the others',
  );
}

/** The columns of a row without a header; undefined for any other row. */
function knownPlaces(fields: readonly string[]): Places | undefined {
  const { fewest, most } = STS_BENCHMARK_COLUMNS;
  const isBenchmark = fields.length >= fewest && fields.length <= most;
  const candidates = isBenchmark ? [STS_BENCHMARK] : fields.length === MIN_COLUMNS ? THREE : [];
  return candidates.find(([score]) => isScore(fields[score]));
}

function placesByCount({ fields }: StsRow, path: string): Places {
  const places = knownPlaces(fields);
  if (places !== undefined) return places;
  const found = fields
    .slice(0, 8)
    .map((field) => JSON.stringify(field.slice(0, 20)))
    .join(', ');
  throw new InputError(
    `${path} line 1: expected a header with score, sentence1 and sentence2, or these three as columns, got ` +
      `${found}; name the columns in the first row`,
  );
}

/** Refuses scores some of which have a decimal comma and others a point: one of them may separate thousands. */
function checkDecimals(rows: readonly StsRow[], score: number, path: string): void {
  const marked = (mark: string): StsRow | undefined =>
    rows.find(({ fields }) => isScore(fields[score]) && fields[score]!.includes(mark));
  const [comma, point] = [marked(','), marked('.')];
  if (comma === undefined || point === undefined) return;
  const shown = ({ fields }: StsRow): string => JSON.stringify(fields[score]);
  throw new InputError(
    `${path} line ${comma.line}: expected decimal points, or decimal commas, in all scores, got ${shown(comma)}, and ` +
      `${shown(point)} in line ${point.line}; use one of them`,
  );
}

function pairOf(
  { fields, line }: StsRow,
  [score, first, second]: Places,
  { fewest, most }: { fewest: number; most: number },
  path: string,
): StsPair {
  if (fields.length < fewest || fields.length > most) {
    const columns = fewest === most ? String(fewest) : `${fewest} to ${most}`;
    throw new InputError(
      `${path} line ${line}: expected ${columns} columns, got ${fields.length}; complete the row or remove it`,
    );
  }
  return checkedPair(fields[score], fields[first], fields[second], `${path} line ${line}`);
}
