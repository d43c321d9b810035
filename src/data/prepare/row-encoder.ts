/** What turns a text into ids, such as the text room's tokenizers. */
export interface RowTokenizer {
  /** Ids that a text is cut to: 77. */
  readonly maxLength: number;
  readonly padId: number;
  /** One more than the highest id. */
  readonly vocabSize: number;
  /** SHA-256, in hexadecimal, over the tokenizer's files; ids made without any have none. */
  readonly fingerprint?: string;
  /** The one that earlier versions noted of the same files. */
  readonly filesFingerprint?: string;
  /** Writes `maxLength` ids to `target` from index `at` on, and returns the number of tokens before cutting. */
  readonly encodeInto: (text: string, target: Int32Array, at: number) => number;
}

export interface RowTokenizers {
  readonly teacher: RowTokenizer;
  readonly student: RowTokenizer;
}

/** The longest text that histograms tell apart; longer ones count as this long. */
export const LONGEST_COUNTED = 160;

/** Ids of one pair after the other, in memory that is used again. */
export class RowEncoder {
  ids: Int32Array[] = [];
  /**
   * Texts by their number of tokens before cutting, `[LONGEST_COUNTED + 1]`; of the columns in the order of
   * `ID_COLUMNS`.
   */
  readonly lengths = [0, 1, 2].map(() => new Uint32Array(LONGEST_COUNTED + 1));
  private readonly buffers: Int32Array[];
  private readonly sizes = [0, 0, 0];

  constructor(private readonly tokenizers: RowTokenizers) {
    const { teacher, student } = tokenizers;
    this.buffers = [teacher, student, student].map(({ maxLength }) => new Int32Array(maxLength));
  }

  /** Fills `ids`, and tells whether a text was too long. */
  encode(ko: string, en: string): boolean {
    const { teacher, student } = this.tokenizers;
    let isLong = false;
    this.ids = [
      [teacher, en],
      [student, en],
      [student, ko],
    ].map((pair, column) => {
      const [{ encodeInto, maxLength }, text] = pair as [RowTokenizer, string];
      const length = encodeInto(text, this.buffers[column]!, 0);
      this.sizes[column] = length;
      if (length > maxLength) isLong = true;
      return this.buffers[column]!.subarray(0, Math.min(length, maxLength));
    });
    return isLong;
  }

  /** Counts the lengths of the pair encoded last. */
  count(): void {
    for (const [column, size] of this.sizes.entries()) this.lengths[column]![Math.min(size, LONGEST_COUNTED)]!++;
  }
}
