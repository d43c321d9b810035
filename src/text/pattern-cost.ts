/**
 * @file Which regular expressions of a `tokenizer.json` may run. A pattern is tried at every position of a text, and
 * `([a-z]+)+!` has more ways to match thirty letters than there are seconds in a century. The patterns accepted here
 * match in time bounded by the length of the text:
 *
 * - an atom (a character, an escape, a class) may repeat without bound only at the end of its alternative, where it
 *   never backtracks; `\s+(?!\S)`, of GPT-2, backtracks by one character;
 * - everything else can match in at most `MAX_WAYS` ways from one position.
 */

/** The most ways in which a pattern may be tried at one position of a text. */
const MAX_WAYS = 2000;

/** The longest pattern, in UTF-16 code units. */
const MAX_LENGTH = 4000;

/** Why a pattern is rejected. */
export class PatternError extends Error {}

/** Throws a `PatternError` for a pattern that is too complex. Expects JavaScript syntax. */
export function checkPattern(source: string): void {
  if (source.length > MAX_LENGTH) throw new PatternError(`longer than ${MAX_LENGTH} characters`);
  const reader = new Reader(source);
  const { ways, empty } = reader.alternatives(0);
  if (!reader.atEnd()) throw new PatternError('a parenthesis too many');
  if (empty) throw new PatternError('which matches nothing at all');
  if (ways > MAX_WAYS) throw new PatternError('which could take very long');
}

/** The properties of a part of a pattern. */
interface Part {
  /** The number of ways to match it at one position. */
  readonly ways: number;
  /** Whether it can match the empty string. */
  readonly empty: boolean;
}

/** A recursive-descent parser for patterns; rejects syntax that it does not know. */
class Reader {
  private at = 0;

  constructor(private readonly source: string) {}

  atEnd(): boolean {
    return this.at === this.source.length;
  }

  /** `a|b|c`, up to the closing parenthesis. */
  alternatives(depth: number): Part {
    let { ways, empty } = this.sequence(depth);
    while (this.take('|')) {
      const next = this.sequence(depth);
      ways += next.ways;
      empty ||= next.empty;
    }
    return { ways, empty };
  }

  private sequence(depth: number): Part {
    let ways = 1;
    let empty = true;
    while (!this.atEnd() && this.peek() !== '|' && this.peek() !== ')') {
      const part = this.repeated(depth);
      ways = Math.min(ways * part.ways, Number.MAX_SAFE_INTEGER);
      empty &&= part.empty;
    }
    return { ways, empty };
  }

  private repeated(depth: number): Part {
    const start = this.at;
    const isGroup = this.peek() === '(';
    const atom = this.atom(depth);
    const text = this.source.slice(start, this.at);
    const [least, most] = this.quantifier();
    if (most === Infinity) {
      if (isGroup || depth > 0) throw new PatternError('which repeats a group without bound');
      if (!this.endsAlternative(text)) throw new PatternError('which goes on after a repetition without bound');
      return { ways: 1, empty: least === 0 };
    }
    if (atom.ways > 1 && most > 1) throw new PatternError('which repeats a group of alternatives');
    const ways = atom.ways * (most - least + 1);
    return { ways: Math.max(1, ways), empty: least === 0 || atom.empty };
  }

  /** Whether an alternative ends here, or continues only with a lookahead that the repetition cannot have consumed. */
  private endsAlternative(atom: string): boolean {
    const lookahead = `(?!${complementOf(atom) ?? ''})`;
    if (this.source.startsWith(lookahead, this.at)) this.at += lookahead.length;
    return this.atEnd() || this.peek() === '|';
  }

  private quantifier(): readonly [least: number, most: number] {
    const found = /^(?:[*+?]|\{(\d{1,4})(,?)(\d{0,4})\})\??/.exec(this.source.slice(this.at, this.at + 16));
    if (found === null) return [1, 1];
    this.at += found[0].length;
    if (/^[*+?]/.test(this.source.slice(this.at, this.at + 1))) throw new PatternError('with two quantifiers');
    const [sign] = found[0];
    if (sign === '?') return [0, 1];
    if (sign !== '{') return [sign === '+' ? 1 : 0, Infinity];
    const least = Number(found[1]);
    return [least, found[2] === '' ? least : found[3] === '' ? Infinity : Number(found[3])];
  }

  private atom(depth: number): Part {
    const one = { ways: 1, empty: false };
    if (this.take('(')) return this.group(depth);
    if (this.take('\\')) {
      this.at += this.peek() === 'u' || this.peek() === 'p' || this.peek() === 'P' ? this.braces() : 1;
      return one;
    }
    if (this.peek() === '[') {
      this.class();
      return one;
    }
    if (/[*+?^$.{}\]]/.test(this.peek())) throw new PatternError(`with ${this.peek()} where a character should be`);
    this.at += String.fromCodePoint(this.source.codePointAt(this.at)!).length;
    return one;
  }

  private group(depth: number): Part {
    if (depth > 20) throw new PatternError('nested too deeply');
    if (this.peek() === '?' && !this.take('?:')) throw new PatternError('with a group of another kind than (?:…)');
    const inside = this.alternatives(depth + 1);
    if (!this.take(')')) throw new PatternError('without a closing parenthesis');
    return inside;
  }

  private class(): void {
    let depth = 0;
    do {
      const sign = this.peek();
      if (sign === '') throw new PatternError('without a closing bracket');
      if (sign === '\\') this.at++;
      else if (sign === '[') depth++;
      else if (sign === ']') depth--;
      if (this.source.startsWith('[:', this.at)) throw new PatternError('with a class of the form [:…:]');
      this.at++;
    } while (depth > 0);
  }

  /** The length of `p{…}` and `u{…}`. */
  private braces(): number {
    const end = this.source.indexOf('}', this.at);
    if (this.source[this.at + 1] !== '{' || end === -1) throw new PatternError('with an escape of another kind');
    return end + 1 - this.at;
  }

  private take(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private peek(): string {
    return this.source[this.at] ?? '';
  }
}

const OPPOSITES = new Map([
  ['\\p{White_Space}', '\\P{White_Space}'],
  ['\\P{White_Space}', '\\p{White_Space}'],
]);

function complementOf(atom: string): string | undefined {
  return OPPOSITES.get(atom);
}
