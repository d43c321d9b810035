import { setImmediate } from 'node:timers/promises';

/** What turns a text into a row of ids, such as the text room's tokenizers. */
export interface RowEncoder {
  /** Ids in a row. */
  readonly maxLength: number;
  readonly padId: number;
  /** One more than the highest id. */
  readonly vocabSize: number;
  /** Writes the row to `target` from index `at` on, and returns the number of tokens before cutting. */
  readonly encodeInto: (text: string, target: Int32Array, at: number) => number;
}

/** The ids of many texts, any row at any time. */
export interface TokenColumn {
  /** Texts that were longer than a row. */
  readonly cut: number;
  /** Writes the ids of a text, padded to the row's length, to `target` from index `at` on. */
  readonly copyRow: (row: number, target: Int32Array, at: number) => void;
}

/** The ids of many pairs: the English texts for both models, the Korean ones for the student. */
export interface TokenTable {
  readonly size: number;
  /** Ids in a row: 77. */
  readonly rowLength: number;
  readonly teacherEn: TokenColumn;
  readonly studentEn: TokenColumn;
  readonly studentKo: TokenColumn;
}

/** Texts encoded between two calls of the callback, and between two chances for signals and timers. */
const STRIDE = 1000;

/**
 * Encodes pairs, in their order, into memory: 2 bytes a token (4 with vocabularies over 65,536), padding not kept.
 * `onEncoded` is told how many of the three texts a pair are done.
 */
export async function buildTokenTable(
  pairs: readonly { readonly ko: string; readonly en: string }[],
  tokenizers: { readonly teacher: RowEncoder; readonly student: RowEncoder },
  onEncoded?: (done: number, total: number) => void,
): Promise<TokenTable> {
  const { teacher, student } = tokenizers;
  const en = pairs.map((pair) => pair.en);
  const ko = pairs.map((pair) => pair.ko);
  const total = 3 * pairs.length;
  return {
    size: pairs.length,
    rowLength: teacher.maxLength,
    teacherEn: await encodeColumn(en, teacher, (done) => onEncoded?.(done, total)),
    studentEn: await encodeColumn(en, student, (done) => onEncoded?.(en.length + done, total)),
    studentKo: await encodeColumn(ko, student, (done) => onEncoded?.(2 * en.length + done, total)),
  };
}

async function encodeColumn(
  texts: readonly string[],
  { maxLength, padId, vocabSize, encodeInto }: RowEncoder,
  onEncoded: (texts: number) => void,
): Promise<TokenColumn> {
  const starts = new Uint32Array(texts.length + 1); // row i's tokens are starts[i] … starts[i + 1] − 1
  let tokens = vocabSize <= 0x10000 ? new Uint16Array(1 << 16) : new Int32Array(1 << 16);
  const row = new Int32Array(maxLength);
  let cut = 0;
  for (const [i, text] of texts.entries()) {
    const length = encodeInto(text, row, 0);
    const kept = Math.min(length, maxLength);
    if (length > kept) cut++;
    if (starts[i] + kept > tokens.length) tokens = grown(tokens);
    tokens.set(row.subarray(0, kept), starts[i]);
    starts[i + 1] = starts[i] + kept;
    if ((i + 1) % STRIDE === 0 || i + 1 === texts.length) {
      onEncoded(i + 1);
      await setImmediate();
    }
  }
  const copyRow = (index: number, target: Int32Array, at: number): void => {
    const ids = tokens.subarray(starts[index], starts[index + 1]);
    target.set(ids, at);
    target.fill(padId, at + ids.length, at + maxLength);
  };
  return { cut, copyRow };
}

function grown<T extends Uint16Array | Int32Array>(tokens: T): T {
  const copy = new (tokens.constructor as new (length: number) => T)(2 * tokens.length);
  copy.set(tokens);
  return copy;
}
