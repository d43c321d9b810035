/** @file Error messages about columns that are not recognised. */
import { foldName, WORDS } from './column-names.js';
import {
  fittingColumns,
  HANGUL,
  numberedPlaces,
  recogniseHeader,
  sidesOf,
  type ColumnNames,
  type Values,
} from './columns.js';

/** A column that is not read. */
export interface UnreadColumn {
  /** Its dotted path. */
  readonly name: string;
  /** What it holds: `list views`. */
  readonly kind: string;
}

/** Why a header is not recognised. */
export function whyUnrecognised(header: readonly string[], names: ColumnNames, rows: readonly Values[] = []): string {
  const found = fittingColumns(header, names);
  for (const language of ['ko', 'en'] as const) {
    if (found[language].length < 2) continue;
    const columns = found[language].map((place) => `${header[place]} (column ${place + 1})`).join(', ');
    return (
      `expected one column of ${language === 'ko' ? 'Korean' : 'English'} texts, got ${columns}; ` +
      `choose with --${language}-column, by name or by number`
    );
  }
  const shown = shownNames(header) || 'no columns';
  if (
    sidesOf(header.map(foldName)) !== undefined &&
    names.ko === undefined &&
    names.en === undefined &&
    rows.length > 0
  ) {
    return (
      `expected Hangul to tell which of the columns is Korean, got ${shown}; ` +
      `name them with --ko-column and --en-column`
    );
  }
  const missing = (['ko', 'en'] as const).filter((language) => found[language].length === 0);
  if (missing.length === 0)
    return `expected two columns, got ${header[found.ko[0]!]} for both languages; name them apart`;
  const wanted = missing.map((language) => describe(language, names)).join(' and a column ');
  const areGiven = names.ko !== undefined || names.en !== undefined;
  const areTooFew = !areGiven && header.filter((name) => name.trim() !== '').length < 2;
  const remedy = areTooFew ? 'write a column for each language' : 'name them with --ko-column and --en-column';
  return `expected a column ${wanted}, got ${shown}; ${remedy}`;
}

/** Advice if the first row contains Korean texts instead of names; else empty. */
export function numbersAdvice(row: readonly string[] = [], names: ColumnNames = {}): string {
  const isData = row.length > 1 && row.some((text) => HANGUL.test(text)) && numberedPlaces(names) === undefined;
  return isData ? ', or give their numbers (--ko-column 2 --en-column 1) where there is no header' : '';
}

/**
 * Names the columns that are not read if the two columns are among them, or nothing is read: `list views in ko, en`.
 */
export function unreadAmong(
  header: readonly string[],
  unread: readonly UnreadColumn[],
  names: ColumnNames,
): string | undefined {
  const areAmongThem = recogniseHeader([...header, ...unread.map(({ name }) => name)], names) !== undefined;
  if (unread.length === 0 || !(areAmongThem || header.length === 0)) return undefined;
  const kinds = [...new Set(unread.map(({ kind }) => kind))];
  const namesOf = (kind: string): string[] => unread.filter((column) => column.kind === kind).map(({ name }) => name);
  return kinds.map((kind) => `${kind} in ${shownNames(namesOf(kind))}`).join(' and ');
}

/** The most characters of a name, and of all names together, in a message. */
const MAX_SHOWN = { ofName: 40, ofAll: 160 };

/** The first names of columns or keys for a message, long ones shortened. */
export function shownNames(names: readonly string[]): string {
  const all = names.filter((name) => name !== '').map((name) => name.slice(0, MAX_SHOWN.ofName));
  let length = 0;
  const shown = all.filter((name) => (length += name.length + 2) <= MAX_SHOWN.ofAll);
  return shown.length < all.length ? `${shown.join(', ')} and ${all.length - shown.length} more` : shown.join(', ');
}

function describe(language: 'ko' | 'en', names: ColumnNames): string {
  const given = names[language];
  if (given !== undefined) return given;
  const [first, ...others] = WORDS[language].slice(0, language === 'ko' ? 3 : 2);
  return `${first} (or ${others.join(', ')})`;
}
