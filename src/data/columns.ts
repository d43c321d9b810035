import { InputError } from '../errors.js';

/** Names of the two columns, where the user has given them. */
export interface ColumnNames {
  readonly ko?: string | undefined;
  readonly en?: string | undefined;
}

/** Places of the two columns in a header. */
export interface Columns {
  readonly ko: number;
  readonly en: number;
}

const KNOWN_NAMES = { ko: ['ko', 'korea', 'korean'], en: ['en', 'english'] } as const;

/**
 * Finds the Korean and the English column of a header: those the user named, else those with a known name. Case, outer
 * spaces and the form of Hangul (NFC or NFD) do not matter. Throws an `InputError` that names what was found.
 */
export function findColumns(header: readonly string[], names: ColumnNames, where: string): Columns {
  const folded = header.map(fold);
  const place = (language: 'ko' | 'en') =>
    wantedNames(language, names)
      .map((name) => folded.indexOf(fold(name)))
      .find((index) => index !== -1);
  const [ko, en] = [place('ko'), place('en')];
  if (ko !== undefined && en !== undefined) return { ko, en };
  const wanted = [...(ko === undefined ? [describe('ko', names)] : []), ...(en === undefined ? [describe('en', names)] : [])];
  throw new InputError(
    `${where}: expected a column ${wanted.join(' and a column ')}, got ${header.join(', ') || 'no columns'}; ` +
      'name them with --ko-column and --en-column',
  );
}

function wantedNames(language: 'ko' | 'en', names: ColumnNames): readonly string[] {
  const given = names[language];
  return given === undefined ? KNOWN_NAMES[language] : [given];
}

function describe(language: 'ko' | 'en', names: ColumnNames): string {
  const [first, ...others] = wantedNames(language, names);
  return others.length === 0 ? first : `${first} (or ${others.join(', ')})`;
}

function fold(name: string): string {
  return name.trim().normalize('NFC').toLowerCase();
}
