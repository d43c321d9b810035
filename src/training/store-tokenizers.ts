/** @file Checks that the ids in a token store are those of a run's tokenizers. */
import { RowEncoder, type RowTokenizers } from '../data/prepare/row-encoder.js';
import { ID_COLUMNS } from '../data/store/id-columns.js';
import { textsOf, type LocatedRow, type TokenStore } from '../data/store/token-store.js';
import { InputError } from '../base/errors.js';
import { formatHash } from '../base/format.js';

/** How many rows of each split to encode again when fingerprints do not decide. */
const CHECKED_ROWS = 500;

/**
 * Checks that a store was made with these tokenizers, by their fingerprints. A store made by an earlier version with
 * the same files is checked by the ids of its first rows, since that version read some files differently.
 *
 * @throws InputError for ids of another tokenizer
 */
export async function checkTokenizers(store: TokenStore, tokenizers: RowTokenizers): Promise<void> {
  const { folder, manifest } = store;
  for (const role of ['teacher', 'student'] as const) {
    const { fingerprint = null, filesFingerprint } = tokenizers[role];
    const found = manifest.tokenizers[role].fingerprint;
    if (found === fingerprint) continue;
    const isOfSameFiles = found !== null && found === filesFingerprint;
    if (isOfSameFiles && (await hasSameIds(store, tokenizers))) continue;
    const shown = (hash: string | null): string => (hash === null ? 'random ids' : formatHash(hash));
    const other = isOfSameFiles ? 'ids by the rules of an earlier version' : `ids of another (${shown(found)})`;
    throw new InputError(
      `${folder}: expected ids of this ${role}'s tokenizer (${shown(fingerprint)}), got ${other}; ` +
        `prepare the data again with this --${role}, or train with the ${role} it was prepared for`,
    );
  }
}

async function hasSameIds({ training, validation, manifest }: TokenStore, tokenizers: RowTokenizers): Promise<boolean> {
  for (const role of ['teacher', 'student'] as const)
    if (manifest.tokenizers[role].pad_id !== tokenizers[role].padId) return false;
  const encoder = new RowEncoder(tokenizers);
  for (const split of [training, validation]) {
    const rows = await split.read(0, Math.min(split.count, CHECKED_ROWS));
    if (!rows.every((row) => isEncodedBy(encoder, row))) return false;
  }
  return true;
}

function isEncodedBy(encoder: RowEncoder, row: LocatedRow): boolean {
  const { ko, en } = textsOf(row);
  encoder.encode(ko, en);
  return ID_COLUMNS.every((column, i) => {
    const { ids, starts } = row.block.columns[column];
    const stored = ids.subarray(starts[row.place], starts[row.place + 1]);
    return stored.length === encoder.ids[i]!.length && stored.every((id, place) => id === encoder.ids[i]![place]);
  });
}
