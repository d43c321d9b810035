/**
 * @file The four AI Hub corpora as they are on disk: names, columns and formats of their files, with generated rows.
 */
import { writeBroadcast } from './broadcast.mjs';
import { writeTables } from './tables.mjs';
import { writeWorkbooks } from './workbooks.mjs';

/** @import { WriteCorpus } from './outputs.mjs' */

/**
 * The corpora: their share of all rows, as in the originals, their folder or archive, and the function that writes
 * them.
 *
 * @type {Record<string, { pairs: number, name: string, write: WriteCorpus }>}
 */
export const LAYOUTS = {
  parallel: { pairs: 1_602_418, name: '한국어-영어 번역(병렬) 말뭉치', write: writeWorkbooks },
  technology: {
    pairs: 1_344_631,
    name: '한국어-영어 번역 말뭉치(기술과학)',
    write: writeTables('tech', '기술과학', '정보통신'),
  },
  'social-science': {
    pairs: 1_361_845,
    name: '한국어-영어 번역 말뭉치(사회과학)',
    write: writeTables('social', '사회과학', '경제'),
  },
  broadcast: { pairs: 587_082, name: '032.방송콘텐츠 한국어-영어 번역 말뭉치', write: writeBroadcast },
};
