import type { CorpusName } from './corpus-name.js';
import { COUNTERPARTS, foldName, isSameName, languageRank, SIDE_NAMES } from './column-names.js';

export { isSameName } from './column-names.js';

/** The names of the two columns, or their numbers from 1, if the user gave them. */
export interface ColumnNames {
  readonly ko?: string | undefined;
  readonly en?: string | undefined;
}

/**
 * The columns of a file that matter, or the keys of its objects, as they are written in the file. Nested keys are
 * joined by dots: `translation.ko`.
 */
export interface TextColumns {
  readonly ko: string;
  readonly en: string;
  /** Says which language a row was translated from; if that is English, `ko` and `en` are swapped. */
  readonly language?: string;
}

/** The positions of the columns in a header, from 0. */
export interface ColumnPlaces {
  readonly ko: number;
  readonly en: number;
  readonly language?: number;
}

/** What a header reveals. */
export interface Recognised {
  readonly columns: TextColumns;
  readonly places: ColumnPlaces;
  /** `table` is the technology or the social-science corpus, which have the same headers. */
  readonly corpus: Exclude<CorpusName, 'technology' | 'social-science'> | 'table';
}

type Language = 'ko' | 'en';

/** The values of a row, in the order of the header; `undefined` for those that are not text. */
export type Values = readonly (string | undefined)[];

/** Headers of AI Hub's corpora, the more specific ones first. */
const AI_HUB = [
  { corpus: 'broadcast', ko: '원문', en: '최종번역문', others: [] },
  { corpus: 'parallel', ko: '원문', en: '번역문', others: [] },
  { corpus: 'table', ko: 'ko', en: 'en', others: ['mt'] },
] as const;

const LANGUAGE_COLUMNS = ['source_language', 'source_lang', '원문언어', '원천언어', '출발언어', '번역방향', 'S_Code'];

export const HANGUL = /[\uac00-\ud7a3]/;

/**
 * Finds the Korean and the English column of a header: those that the user named or numbered; otherwise, or in one of
 * AI Hub's corpora, those with known names (`column-names.ts`). For names such as `source` and `target` the rows decide
 * which is Korean. Undefined if a column is missing, or several fit equally well.
 */
export function recogniseHeader(
  header: readonly string[],
  names: ColumnNames = {},
  rows: readonly Values[] = [],
): Recognised | undefined {
  const folded = header.map(foldName);
  const known = AI_HUB.find(
    ({ ko, en, others }) =>
      [ko, en].every((name) => isOnce(folded, name)) && others.every((name) => folded.includes(name)),
  );
  const corpus = known?.corpus ?? 'other';
  const areGiven = names.ko !== undefined || names.en !== undefined;
  if (areGiven || known === undefined) {
    const places = placesOf(folded, names, rows);
    if (places !== undefined) return { corpus, columns: namesAt(header, places), places };
    if (known === undefined) return undefined;
  }
  const places = { ko: folded.indexOf(known.ko), en: folded.indexOf(known.en) };
  const language = known.corpus === 'broadcast' ? firstPlace(folded, LANGUAGE_COLUMNS) : -1;
  const all = language === -1 ? places : { ...places, language };
  return { corpus, columns: namesAt(header, all), places: all };
}

/**
 * The positions that the user gave as numbers from 1, for a file without a header; undefined if they are not numbers.
 */
export function numberedPlaces({ ko, en }: ColumnNames): ColumnPlaces | undefined {
  const [first, second] = [ko, en].map(placeOfNumber);
  return first === undefined || second === undefined ? undefined : { ko: first, en: second };
}

/**
 * Whether a row in which the columns were found is a header. If both columns are given as numbers, any row would match,
 * so a header must be recognised without them or, in the first row, have these names.
 */
export function headerTest(
  names: ColumnNames,
): (fields: readonly string[], below: readonly Values[], row: number) => boolean {
  if (numberedPlaces(names) === undefined) return () => true;
  const { ko = '', en = '' } = names;
  const isNamedSo = (fields: readonly string[]): boolean =>
    [ko, en].every((name) => fields.some((field) => isSameName(field, name)));
  const areNames = (fields: readonly string[]): boolean => {
    const found = fittingColumns(fields, {});
    return found.ko.length > 0 && found.en.length > 0 && found.ko[0] !== found.en[0];
  };
  return (fields, below, row) =>
    areNames(fields) || recogniseHeader(fields, {}, below) !== undefined || (row === 0 && isNamedSo(fields));
}

/** The positions of the columns that fit each language equally well: one each, if it is clear. */
export function fittingColumns(
  header: readonly string[],
  names: ColumnNames,
): { readonly ko: readonly number[]; readonly en: readonly number[] } {
  const folded = header.map(foldName);
  const hub = AI_HUB.find(({ ko, en }) => folded.includes(ko) && folded.includes(en));
  const fitting = (language: Language): readonly number[] => {
    const found = candidates(folded, language, names);
    if (found.length > 0 || hub === undefined || names[language] !== undefined) return found;
    return folded.flatMap((name, place) => (name === hub[language] ? [place] : []));
  };
  return { ko: fitting('ko'), en: fitting('en') };
}

/** Whether a name occurs exactly once in a header. */
export function isOnce(header: readonly string[], name: string): boolean {
  return header.includes(name) && header.indexOf(name) === header.lastIndexOf(name);
}

/** Whether a language column says that the source is English: `en`, `English`, `영어`, `영한`, `EN-KO`. */
export function isEnglish(language: string): boolean {
  return /^\s*(en|영)/i.test(language.normalize('NFC'));
}

function namesAt(header: readonly string[], { ko, en, language }: ColumnPlaces): TextColumns {
  const columns = { ko: header[ko]!, en: header[en]! };
  return language === undefined ? columns : { ...columns, language: header[language]! };
}

function placesOf(
  folded: readonly string[],
  names: ColumnNames,
  rows: readonly Values[],
): { ko: number; en: number } | undefined {
  const [ko, en] = [candidates(folded, 'ko', names), candidates(folded, 'en', names)];
  if (ko.length === 1 && en.length === 1 && ko[0] !== en[0]) return { ko: ko[0]!, en: en[0]! };
  if (names.ko !== undefined || names.en !== undefined) return undefined;
  const isOne = ko.length + en.length === 1;
  const sides = isOne
    ? withCounterpart(folded, [...ko, ...en][0]!)
    : ko.length + en.length > 0
      ? undefined
      : sidesOf(folded);
  if (sides === undefined) return undefined;
  const [first, second] = sides;
  const isHangul = (text: string | undefined): boolean => text !== undefined && HANGUL.test(text);
  const balance = rows.reduce((sum, row) => sum + Number(isHangul(row[first])) - Number(isHangul(row[second])), 0);
  if (balance === 0) return undefined;
  const places = balance > 0 ? { ko: first, en: second } : { ko: second, en: first };
  return isOne && places.ko !== ko[0] && places.en !== en[0] ? undefined : places;
}

/** A column that names its language, and the only one that may be its counterpart. */
function withCounterpart(folded: readonly string[], place: number): readonly [number, number] | undefined {
  const others = folded.flatMap((name, other) => (COUNTERPARTS.includes(name) && other !== place ? [other] : []));
  return others.length === 1 ? [place, others[0]!] : undefined;
}

/** The columns that fit a language equally well: one, if it is clear. */
function candidates(folded: readonly string[], language: Language, names: ColumnNames): readonly number[] {
  const given = names[language];
  if (given !== undefined) {
    const named = folded.flatMap((name, place) => (name === foldName(given) ? [place] : []));
    const numbered = placeOfNumber(given);
    return named.length === 0 && numbered !== undefined && numbered < folded.length ? [numbered] : named;
  }
  const ranks = folded.map((name) => languageRank(name, language) ?? Infinity);
  const best = ranks.reduce((lowest, rank) => Math.min(lowest, rank), Infinity);
  return best === Infinity ? [] : ranks.flatMap((rank, place) => (rank === best ? [place] : []));
}

function placeOfNumber(given: string | undefined): number | undefined {
  return given !== undefined && /^[1-9]\d{0,4}$/.test(given) ? Number(given) - 1 : undefined;
}

/** The positions of two columns whose names do not say the language: `source` and `target`. */
export function sidesOf(folded: readonly string[]): readonly [number, number] | undefined {
  for (const [first, second] of SIDE_NAMES) {
    const places = [folded.indexOf(first), folded.indexOf(second)] as const;
    if (!places.includes(-1)) return places;
  }
  return undefined;
}

function firstPlace(folded: readonly string[], names: readonly string[]): number {
  const found = names.map(foldName).find((name) => folded.includes(name));
  return found === undefined ? -1 : folded.indexOf(found);
}
