/**
 * @file The four AI Hub corpora as they arrive on disk: names, columns and shapes of their files, with rows of the
 * generator's own.
 */
import { writeBroadcast } from './broadcast.mjs';
import { writeTables } from './tables.mjs';
import { writeWorkbooks } from './workbooks.mjs';

/** @import { WriteCorpus } from './outputs.mjs' */

/**
 * The corpora: share of all rows as in the originals, folder or archive, and what writes the files.
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
