/**
 * The part of `@xenova/transformers` 2.17.2 that kd uses. The package publishes its types under a different path than
 * its sources, with nearly everything as `any`; these are narrower and checked by tests/text.
 */
declare module '@xenova/transformers/src/tokenizers.js' {
  /** WordPiece or BPE: words in, tokens out. */
  export interface TokenizerModel {
    (words: string[]): string[];
    convert_tokens_to_ids(tokens: string[]): (number | undefined)[];
    readonly tokens_to_ids: Map<string, number>;
    /** BPE only: tokens of the words seen so far; grows without bound. */
    readonly cache?: Map<string, string[]>;
  }

  export class PreTrainedTokenizer {
    constructor(tokenizerJSON: object, tokenizerConfig: object);
    readonly model: TokenizerModel;
    readonly pre_tokenizer: ((text: string) => string[]) | null;
    readonly post_processor: ((tokens: string[]) => { tokens: string[] }) | null;
  }
}
