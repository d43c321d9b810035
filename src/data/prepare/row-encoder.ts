/** Turns texts into ids. */
export interface RowTokenizer {
  /** How many ids a text is truncated to: 77. */
  readonly maxLength: number;
  readonly padId: number;
  /** One more than the highest id. */
  readonly vocabSize: number;
  /** SHA-256, in hexadecimal, over the tokenizer's files; absent for ids without a tokenizer. */
  readonly fingerprint?: string;
  /** The fingerprint that earlier versions recorded for the same files. */
  readonly filesFingerprint?: string;
  /** Writes `maxLength` ids to `target` at index `at`, and returns the number of tokens before truncation. */
  readonly encodeInto: (text: string, target: Int32Array, at: number) => number;
}

/** The teacher's and the student's tokenizer. */
export interface RowTokenizers {
  readonly teacher: RowTokenizer;
  readonly student: RowTokenizer;
}

/** The greatest length, in tokens, with a histogram bin of its own; longer texts are counted there, too. */
export const LONGEST_COUNTED = 160;

/** Encodes pairs one after another, reusing memory. */
export class RowEncoder {
  ids: Int32Array[] = [];
  /** A histogram of tokens before truncation, `[LONGEST_COUNTED + 1]`, for each of `ID_COLUMNS`. */
  readonly lengths = [0, 1, 2].map(() => new Uint32Array(LONGEST_COUNTED + 1));
  private readonly buffers: Int32Array[];
  private readonly sizes = [0, 0, 0];

  constructor(private readonly tokenizers: RowTokenizers) {
    const { teacher, student } = tokenizers;
    this.buffers = [teacher, student, student].map(({ maxLength }) => new Int32Array(maxLength));
  }

  /** Fills `ids`, and returns whether a text was too long. */
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
