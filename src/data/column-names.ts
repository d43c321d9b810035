/**
 * @file The names by which columns are recognised. A name is split at everything that is neither a letter nor a digit,
 * and at the Korean words for the languages: `ko-KR`, `sentence_ko`, `translation.ko`, `한국어문장`. It names a language if
 * it contains a word for that language, none for the other, and otherwise only neutral words.
 */
import { INVISIBLE } from './invisible-characters.js';

/**
 * Words for the two languages, the better ones first: if several columns fit, the one with the better word is taken.
 */
export const WORDS = {
  ko: ['ko', 'korea', 'korean', 'kor', '한국어', '한국말', '국문', '한글', '국어', 'kr'],
  en: ['en', 'english', 'eng', '영어', '영문'],
} as const;

/** Neutral words that may accompany them. */
const BESIDE = new Set([
  ...['kr', 'us', 'gb', 'uk', 'au', 'ca', 'hang', 'latn'],
  ...['text', 'texts', 'txt', 'sentence', 'sentences', 'sent', 'string', 'content', 'line', 'value', 'caption'],
  ...[
    'translation',
    'translations',
    'translated',
    'source',
    'src',
    'target',
    'tgt',
    'trg',
    'original',
    'column',
    'row',
    'item',
    'pair',
  ],
  ...['문장', '텍스트', '원문', '번역', '번역문', '자막'],
]);

/** Names of two columns that do not tell which is Korean; the Hangul in the rows does. */
export const SIDE_NAMES = [
  ['source', 'target'],
  ['src', 'tgt'],
  ['src', 'trg'],
  ['source_text', 'target_text'],
  ['source_sentence', 'target_sentence'],
  ['original', 'translation'],
  ['original', 'translated'],
  ['원문', '번역'],
] as const;

/** Names of a column beside one that names its language: the other language, if its rows say so. */
export const COUNTERPARTS: readonly string[] = [
  ...['원문', '원본', '번역문', '번역', '최종번역문'],
  ...['original', 'translation', 'translated'],
];

/** Words written without spaces, before and after which names are split. */
const KOREAN_WORDS = /(한국어|한국말|국문|한글|국어|영어|영문)/g;

/** The most characters of a name. */
const LONGEST_NAME = 60;

/** The form of a name; anything else is a text, or part of one. */
const NAME = new RegExp(`^[\\p{L}\\p{N}\\s._()[\\]/:-]{1,${LONGEST_NAME}}$`, 'u');

/** One or more words of names, and nothing else. */
const WORDS_ALONE = new RegExp(
  `^(?:(?:${[...new Set([...WORDS.ko, ...WORDS.en, ...BESIDE, '최종번역문'])].join('|')})[\\s._()[\\]/:-]*)+$`,
  'iu',
);

/**
 * Whether a text consists only of words from column names, such as `ko`, `한국어 문장` or `원문`. Fast enough to call for
 * every row.
 */
export function isNamesAlone(text: string): boolean {
  return text.length <= LONGEST_NAME && WORDS_ALONE.test(text);
}

/** How well a name fits a language (lower is better); undefined if it names no language, or another. */
export function languageRank(name: string, language: 'ko' | 'en'): number | undefined {
  const folded = foldName(name);
  const words: readonly string[] = WORDS[language];
  const whole = words.indexOf(folded);
  if (whole !== -1) return whole;
  if (!NAME.test(folded)) return undefined;
  const parts = folded
    .replace(KOREAN_WORDS, ' $1 ')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '');
  const [named, others] = [parts.filter((part) => words.includes(part)), parts.filter((part) => !words.includes(part))];
  if (named.length === 0 || !others.every((part) => BESIDE.has(part))) return undefined;
  return words.length + Math.min(...named.map((part) => words.indexOf(part)));
}

/** Whether two column names are the same, ignoring case, outer spaces, invisible characters and Unicode's forms. */
export function isSameName(a: string, b: string): boolean {
  return a === b || foldName(a) === foldName(b);
}

const ALL_INVISIBLE = new RegExp(INVISIBLE, 'gv');

/** A name in the form in which names are compared: full-width letters are the usual ones. */
export function foldName(name: string): string {
  return name.normalize('NFKC').replace(ALL_INVISIBLE, '').trim().toLowerCase();
}
