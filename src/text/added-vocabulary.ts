import { InputError } from '../base/errors.js';
import { MAX_ADDED_TOKENS, MAX_TOKEN_LENGTH, type AddedToken } from './tokenizer-json.js';

/** All added tokens together: the trie that they are looked for in takes some 200 bytes a character. */
const MAX_CHARACTERS = 1_000_000;

/** How a token is to be added. Where `normalized` is not said, special tokens are looked for in the raw text. */
export interface TokenToAdd {
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean | undefined;
  readonly special: boolean;
}

/**
 * The added tokens of a tokenizer and their ids. What a file says of a token's id counts for nothing in Python's
 * `tokenizers` 0.23, nor here: a token of the vocabulary has its id there, and others get ids from the number of its
 * tokens up, in the order in which they are added, also where the vocabulary has gaps; of two with one id the later is
 * looked for. A token that is added again keeps its id and takes the later settings; once special, it stays so.
 */
export class AddedVocabulary {
  private readonly byId = new Map<number, AddedToken>();
  private readonly ids = new Map<string, number>();
  private readonly specials = new Set<string>();
  private nextId: number;
  private characters = 0;

  constructor(
    private readonly vocab: Readonly<Record<string, number>>,
    private readonly where: string,
  ) {
    this.nextId = Object.keys(vocab).length;
  }

  /** The id of an added token or of a token of the vocabulary. */
  idOf(token: string): number | undefined {
    return this.ids.get(token) ?? (Object.hasOwn(this.vocab, token) ? this.vocab[token] : undefined);
  }

  has(token: string): boolean {
    return this.ids.has(token);
  }

  add(token: TokenToAdd): void {
    const { content } = token;
    if (content === '') return;
    this.checkBounds(content);
    if (token.special) this.specials.add(content);
    const id = this.idOf(content) ?? this.nextId++;
    this.ids.set(content, id);
    this.byId.set(id, { id, ...token, normalized: token.normalized ?? !token.special });
  }

  /** All of them, by id; one that has been special counts as special. */
  tokens(): AddedToken[] {
    return [...this.byId.values()]
      .sort((a, b) => a.id - b.id)
      .map((token) => ({ ...token, special: this.specials.has(token.content) }));
  }

  private checkBounds(content: string): void {
    if (content.length > MAX_TOKEN_LENGTH) {
      throw new InputError(
        `${this.where}: expected added tokens of at most ${MAX_TOKEN_LENGTH} characters, ` +
          `got one of ${content.length} (${content.slice(0, 20)}…)`,
      );
    }
    if (this.ids.has(content)) return;
    this.characters += content.length;
    if (this.ids.size < MAX_ADDED_TOKENS && this.characters <= MAX_CHARACTERS) return;
    throw new InputError(
      `${this.where}: expected at most ${MAX_ADDED_TOKENS} added tokens of together ${MAX_CHARACTERS} characters, ` +
        'got more; put them in the vocabulary',
    );
  }
}
