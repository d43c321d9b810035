/** @file The broadcast corpus: JSON files with one sentence each, and one array. */

/** @import { WriteCorpus } from './outputs.mjs' */
/** @import { Row } from './rows.mjs' */

/** One in eight files of the broadcast corpus says that its source is English. */
const ENGLISH_SOURCE = { every: 8, at: 3 };

/**
 * Whether a row of the broadcast corpus was translated from English, so that its texts are swapped.
 *
 * @param {number} row
 */
export function isFromEnglish(row) {
  return row % ENGLISH_SOURCE.every === ENGLISH_SOURCE.at;
}

/**
 * Nine tenths of the rows in files with one sentence each, the rest in one array.
 *
 * @type {WriteCorpus}
 */
export function writeBroadcast(output, rowAt, from, to) {
  const border = from + Math.floor(((to - from) * 9) / 10);
  for (let row = from; row < border; row++) {
    const text = JSON.stringify(broadcastObject(rowAt(row), row), undefined, 2);
    const isBad = rowAt(row).fault === 'badRow';
    output.smallFile(
      `Training/TL_${row % 2 === 0 ? '드라마' : '예능'}/${broadcastId(row)}.json`,
      isBad ? text.slice(0, text.length / 2) : text,
    );
  }
  const array = output.textFile('Validation/VL_교양.json');
  for (let row = border; row < to; row++) {
    const object = rowAt(row).fault === 'badRow' ? null : broadcastObject(rowAt(row), row);
    array.write(`${row === border ? '[' : ','}\n${JSON.stringify(object)}`);
  }
  array.write(border === to ? '[]\n' : '\n]\n');
  array.close();
}

/**
 * The name of a row's file.
 *
 * @param {number} row
 */
export function broadcastId(row) {
  return `BC${String(row).padStart(8, '0')}`;
}

/**
 * A sentence of the broadcast corpus.
 *
 * @param {Row} pair
 * @param {number} row
 */
export function broadcastObject({ ko, en }, row) {
  const [source, target] = isFromEnglish(row) ? [en, ko] : [ko, en];
  const language = isFromEnglish(row) ? 'en' : 'ko';
  return {
    ID: broadcastId(row),
    대분류: '방송',
    소분류: `장르${row % 5}`,
    source_language: language,
    원문: source,
    '1차번역문': 'draft',
    최종번역문: target,
  };
}
