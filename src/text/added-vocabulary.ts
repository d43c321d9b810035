import { InputError } from '../base/errors.js';
import { MAX_ADDED_TOKENS, MAX_TOKEN_LENGTH, type AddedToken } from './tokenizer-json.js';

/** The limit for all added tokens together: their trie takes about 200 bytes a character. */
const MAX_CHARACTERS = 1_000_000;

/** How to add a token. By default, special tokens are matched in the raw text and others after normalisation. */
export interface TokenToAdd {
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean | undefined;
  readonly special: boolean;
}

/**
 * The added tokens of a tokenizer and their ids. Like Python's `tokenizers` 0.23, this ignores the ids that files give:
 * a token of the vocabulary keeps its id there; others get ids from the vocabulary's size upwards, in the order in
 * which they are added, even if the vocabulary has gaps. Of two tokens with the same id, the later is matched. Adding a
 * token again keeps its id and replaces its settings, except that it stays special.
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

  /** The id of an added token or a token of the vocabulary. */
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

  /** All added tokens by id; one that was ever special counts as special. */
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
