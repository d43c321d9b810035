/**
 * @file The rows of the corpora, clean and faulty. Each row is a function of its number, so that files can be written
 * in one pass, and a row can repeat any other without storing it.
 */
import { MAX_SENTENCES, pairAt, startOf } from './sentences.mjs';

/** @import { Pair } from './sentences.mjs' */
/** @typedef {(typeof FAULTS)[number]} Fault */

/**
 * A row: `fault` is absent in a clean one, `ko` in one without Korean text.
 *
 * @typedef {{ fault?: Fault | undefined, ko: string | undefined, en: string }} Row
 */
/** @typedef {(row: number) => Row} RowAt */

/** The faults, planted in turn. What a bad row looks like depends on the file's format. */
export const FAULTS = /** @type {const} */ ([
  'emptyKorean',
  'emptyEnglish',
  'blank',
  'missing',
  'sameText',
  'noHangul',
  'exactDuplicate',
  'foldedDuplicate',
  'sameKorean',
  'sameEnglish',
  'longEnglish',
  'longKorean',
  'badRow',
]);

/** Rows per block: one of them is faulty, and two others may be repeated by duplicates, once at most. */
const BLOCK = 16;
const FAULTY = 9;
const REPEATED_NEARBY = 4;
const REPEATED_FAR_OFF = 5;

/** Repeats a sentence to more words than fit in 77 tokens of any tokenizer: no sentence has fewer than five. */
const REPEATS = 18;

/** The most rows: each has two sentences of its own. */
export const MAX_ROWS = Math.floor(MAX_SENTENCES / 2);

/**
 * The rows from 0 to `count` − 1, as a function of a row's number.
 *
 * @param {number} count
 * @param {{ seed: number, faults: boolean }} options
 * @returns {RowAt}
 */
export function corpusRows(count, { seed, faults }) {
  const blocks = faults ? Math.floor(count / BLOCK) : 0;
  const start = startOf(seed);
  /** @param {number} row */
  const own = (row) => pairAt(2 * row, start);
  /** @param {number} row */
  const other = (row) => pairAt(2 * row + 1, start);
  return (row) => {
    const fault = faultOf(row, blocks);
    if (fault === undefined) return { fault, ...own(row) };
    return { fault, ...faulty(fault, Math.floor(row / BLOCK), own(row), other(row), own(repeatedRow(row, blocks))) };
  };
}

/**
 * How many faults of each kind are among the rows `from` … `to` − 1 of `count`.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} count
 */
export function plantedAmong(from, to, count) {
  const planted = /** @type {Record<Fault, number>} */ (Object.fromEntries(FAULTS.map((fault) => [fault, 0])));
  const blocks = Math.floor(count / BLOCK);
  for (let row = from; row < to; row++) {
    const fault = faultOf(row, blocks);
    if (fault !== undefined) planted[fault]++;
  }
  return planted;
}

/**
 * @param {number} row
 * @param {number} blocks
 */
function faultOf(row, blocks) {
  const block = Math.floor(row / BLOCK);
  return row % BLOCK === FAULTY && block < blocks ? FAULTS[block % FAULTS.length] : undefined;
}

/**
 * The clean row that a duplicate repeats: alternately one a few rows before, and one in the other half of the data.
 *
 * @param {number} row
 * @param {number} blocks
 */
function repeatedRow(row, blocks) {
  const block = Math.floor(row / BLOCK);
  if (isEvenRound(block)) return block * BLOCK + REPEATED_NEARBY;
  return ((block + Math.floor(blocks / 2)) % blocks) * BLOCK + REPEATED_FAR_OFF;
}

/**
 * Alternates between the two kinds that some faults have.
 *
 * @param {number} block
 */
function isEvenRound(block) {
  return Math.floor(block / FAULTS.length) % 2 === 0;
}

/**
 * @param {Fault} fault
 * @param {number} block
 * @param {Pair} own
 * @param {Pair} other
 * @param {Pair} repeated
 * @returns {{ ko: string | undefined, en: string }}
 */
function faulty(fault, block, own, other, repeated) {
  switch (fault) {
    case 'emptyKorean':
      return { ...own, ko: '' };
    case 'emptyEnglish':
      return { ...own, en: '' };
    case 'blank':
      return isEvenRound(block) ? { ...own, ko: ' \u3000 ' } : { ...own, en: '   ' };
    case 'missing':
      return { ...own, ko: undefined };
    case 'sameText':
      return { ko: own.ko, en: own.ko };
    case 'noHangul':
      return { ko: other.en, en: own.en };
    case 'exactDuplicate':
      return repeated;
    case 'foldedDuplicate':
      return {
        ko: `${repeated.ko.replaceAll(' ', '  ')} `.normalize('NFD'),
        en: ` ${repeated.en.replace(' ', '\u00a0 ')}`,
      };
    case 'sameKorean':
      return { ko: repeated.ko, en: own.en };
    case 'sameEnglish':
      return { ko: own.ko, en: repeated.en };
    case 'longEnglish':
      return { ko: own.ko, en: repeatedly(own.en) };
    case 'longKorean':
      return { ko: repeatedly(own.ko), en: own.en };
    default:
      return own; // a bad row: the file's writer breaks it
  }
}

/** @param {string} text */
function repeatedly(text) {
  return Array.from({ length: REPEATS }, () => text).join(' ');
}
