/**
 * @file The normaliser `Precompiled` of a `tokenizer.json`: SentencePiece's own table of what characters become, as in
 * XLM-R. Source: `spm_precompiled/src/lib.rs`, and `tokenizers/src/normalizers/precompiled.rs`, with which it must
 * agree even where that differs from SentencePiece.
 */
import { isUtf8 } from 'node:buffer';
import { InputError } from '../base/errors.js';
import { COMMON_CHARACTERS, isCommon } from './common-text.js';

/** Graphemes of fewer bytes are looked up as a whole. */
const LONG_GRAPHEME = 6;

/** What may share a grapheme with its neighbour so that both have fewer bytes: marks, and letters written before. */
const JOINING = new RegExp(
  '[\\p{M}\\p{Cf}\\p{Grapheme_Extend}\\p{Emoji_Modifier}\\u{e33}\\u{eb3}\\u{d4e}\\u{111c2}\\u{111c3}\\u{113d1}' +
    '\\u{1193f}\\u{11941}\\u{11a84}-\\u{11a89}\\u{11d46}\\u{11f02}]|\\r\\n',
  'v',
);

/**
 * The normaliser of a table in base 64.
 *
 * @param where the file, for messages
 * @throws InputError for a damaged table
 */
export function charactersMap(table: string, where: string): (text: string) => string {
  const map = new PrecompiledMap(Buffer.from(table, 'base64'), where);
  const known = new Map<string, string>();
  const ofCharacter = (character: string): string => {
    let result = known.get(character);
    if (result === undefined) known.set(character, (result = map.get(character) ?? character));
    return result;
  };
  const leavesCommon = COMMON_CHARACTERS.every((character) => map.get(character) === undefined);
  const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });
  const ofGrapheme = (grapheme: string): string => {
    const whole = Buffer.byteLength(grapheme) < LONG_GRAPHEME ? map.get(grapheme) : undefined;
    return whole ?? Array.from(grapheme, ofCharacter).join('');
  };
  return (text) => {
    if (leavesCommon && isCommon(text)) return text;
    if (!JOINING.test(text)) return Array.from(text, ofCharacter).join('');
    return Array.from(characters.segment(text), ({ segment }) => ofGrapheme(segment)).join('');
  };
}

/** A table: the size of a double array trie, the trie, and the texts to which it refers, each ending in a zero. */
class PrecompiledMap {
  private readonly units: DataView;
  private readonly texts: Buffer;

  constructor(bytes: Buffer, where: string) {
    const size = bytes.length < 4 ? NaN : bytes.readUInt32LE(0);
    this.texts = bytes.subarray(4 + size);
    if (!(size > 0 && size % 4 === 0 && 4 + size <= bytes.length && isUtf8(this.texts))) {
      throw new InputError(
        `${where}: expected a table of characters in precompiled_charsmap, got ${bytes.length} bytes of ` +
          'something else; get the file again',
      );
    }
    this.units = new DataView(bytes.buffer, bytes.byteOffset + 4, size);
  }

  /** What the shortest entry at the beginning of a text becomes. */
  get(text: string): string | undefined {
    let place = offsetOf(this.unit(0));
    for (const byte of Buffer.from(text)) {
      if (byte === 0) break;
      place ^= byte;
      const unit = this.unit(place);
      if (labelOf(unit) !== byte) return undefined;
      place ^= offsetOf(unit);
      if (hasLeaf(unit)) return this.textAt(valueOf(this.unit(place)));
    }
    return undefined;
  }

  /** A place beyond the end, as only a damaged trie has it, matches nothing. */
  private unit(place: number): number {
    return 4 * place + 4 <= this.units.byteLength ? this.units.getUint32(4 * place, true) : 0;
  }

  private textAt(start: number): string {
    const end = this.texts.indexOf(0, start);
    return this.texts.toString('utf8', start, end === -1 ? this.texts.length : end);
  }
}

// The fields of a unit, as in Darts-clone (github.com/s-yata/darts-clone).
const hasLeaf = (unit: number): boolean => ((unit >>> 8) & 1) === 1;
const valueOf = (unit: number): number => unit & 0x7fffffff;
const labelOf = (unit: number): number => (unit & 0x800000ff) >>> 0;
const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);
