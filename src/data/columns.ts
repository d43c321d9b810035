import type { CorpusName } from './corpora.js';

/** Names of the two columns, where the user has given them. */
export interface ColumnNames {
  readonly ko?: string | undefined;
  readonly en?: string | undefined;
}

/** The columns of a file, or the keys of its objects, that matter: by their names, as they stand in the file. */
export interface TextColumns {
  readonly ko: string;
  readonly en: string;
  /** Says which language a row was translated from; where that is English, `ko` and `en` are the other way round. */
  readonly language?: string;
}

/** What a header tells. */
export interface Recognised {
  readonly columns: TextColumns;
  /** `table` is the technology or the social-science corpus, whose headers are the same. */
  readonly corpus: Exclude<CorpusName, 'technology' | 'social-science'> | 'table';
}

/** Headers of AI Hub's corpora, the more particular ones first. */
const AI_HUB = [
  { corpus: 'broadcast', ko: '원문', en: '최종번역문', others: [] },
  { corpus: 'parallel', ko: '원문', en: '번역문', others: [] },
  { corpus: 'table', ko: 'ko', en: 'en', others: ['mt'] },
] as const;

const LANGUAGE_COLUMNS = ['source_language', 'source_lang', '원문언어', '원천언어', '출발언어', '번역방향', 'S_Code'];

const OTHER_NAMES = { ko: ['ko', 'korea', 'korean'], en: ['en', 'english'] } as const;

/**
 * Finds the Korean and the English column of a header: those the user named; without them, or in one of AI Hub's
 * corpora, those with known names. Case, outer spaces and the form of Hangul (NFC or NFD) do not matter.
 */
export function recogniseHeader(header: readonly string[], names: ColumnNames = {}): Recognised | undefined {
  const folded = header.map(fold);
  const find = (wanted: readonly string[]): string | undefined =>
    wanted.map((name) => header[folded.indexOf(fold(name))]).find((name) => name !== undefined);
  const known = AI_HUB.find(({ ko, en, others }) => [ko, en, ...others].every((name) => folded.includes(name)));
  const language = known?.corpus === 'broadcast' ? find(LANGUAGE_COLUMNS) : undefined;
  const corpus = known?.corpus ?? 'other';

  const [ko, en] = [find(wantedNames('ko', names)), find(wantedNames('en', names))];
  const areGiven = names.ko !== undefined || names.en !== undefined;
  if (ko !== undefined && en !== undefined && (areGiven || corpus === 'other')) return { corpus, columns: { ko, en } };
  if (known === undefined) return undefined;
  const columns = { ko: find([known.ko])!, en: find([known.en])! };
  return { corpus, columns: language === undefined ? columns : { ...columns, language } };
}

/** Why a header is not recognised. */
export function whyUnrecognised(header: readonly string[], names: ColumnNames): string {
  const folded = header.map(fold);
  const missing = (['ko', 'en'] as const).filter((language) => !wantedNames(language, names).some((name) => folded.includes(fold(name))));
  const wanted = missing.map((language) => describe(language, names)).join(' and a column ');
  return `expected a column ${wanted}, got ${shownNames(header) || 'no columns'}; name them with --ko-column and --en-column`;
}

/** The first names of columns or keys for a message, the long ones cut. */
export function shownNames(names: readonly string[]): string {
  return names.slice(0, 20).map((name) => name.slice(0, 40)).join(', ');
}

/** Whether what a language column says is that the source is English: `en`, `English`, `영어`, `영한`, `EN-KO`. */
export function isEnglish(language: string): boolean {
  return /^\s*(en|영)/i.test(language.normalize('NFC'));
}

/** Whether two names of columns are the same. */
export function isSameName(a: string, b: string): boolean {
  return a === b || fold(a) === fold(b);
}

function wantedNames(language: 'ko' | 'en', names: ColumnNames): readonly string[] {
  const given = names[language];
  return given === undefined ? OTHER_NAMES[language] : [given];
}

function describe(language: 'ko' | 'en', names: ColumnNames): string {
  const [first, ...others] = wantedNames(language, names);
  return others.length === 0 ? first : `${first} (or ${others.join(', ')})`;
}

function fold(name: string): string {
  return name.trim().normalize('NFC').toLowerCase();
}
