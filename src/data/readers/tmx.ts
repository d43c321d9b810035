/**
 * @file Reads translation memories (TMX 1.4b, www.gala-global.org/tmx-14b) unit by unit: the Korean and the English
 * text of each.
 */
import type { Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { utf8Pieces } from './encoding.js';
import { rowOf } from './row-maker.js';
import { readPieces, type StoredFile } from './stored-file.js';
import { readXml, type Attributes, type XmlKind, type XmlReader } from './xml.js';

/** A text in a language, such as `ko-KR`. */
export interface TmxText {
  readonly language: string;
  readonly text: string;
}

/** The languages to take from a unit, of any country. */
export const TMX_COLUMNS = { ko: 'ko', en: 'en' } as const;

const MEMORY: XmlKind = {
  document: 'a translation memory (TMX)',
  remedy: 'export it again',
  remedies: [
    [/undefined entity/, 'replace entities that are not of XML, such as &nbsp;, by the characters they stand for'],
    [/disallowed character|malformed character entity/, 'remove control characters'],
  ],
};

/** Elements whose text is not part of the sentence: codes of the original document. */
const CODES: ReadonlySet<string> = new Set(['bpt', 'ept', 'ph', 'it', 'ut']);

/** Reads the units of a memory, in chunks. Throws an `InputError` if it is damaged. */
export function tmxUnits(file: StoredFile): AsyncGenerator<TmxText[][]> {
  const pieces = utf8Pieces(readPieces(file), file.name);
  return readXml(pieces, file.name, new UnitReader(), MEMORY);
}

/** Codes of the languages by ISO 639-1 and 639-2, and their names. */
const LANGUAGES: Readonly<Record<keyof typeof TMX_COLUMNS, RegExp>> = {
  ko: /^(?:ko|kor|korean)(?:[-_ ]|$)/i,
  en: /^(?:en|eng|english)(?:[-_ ]|$)/i,
};

/** The first text of a unit in a language, whatever the country. */
export function textIn(unit: readonly TmxText[], language: keyof typeof TMX_COLUMNS): string | undefined {
  return unit.find((text) => LANGUAGES[language].test(text.language.trim()))?.text;
}

/**
 * Reads the rows of a memory: units with a Korean and an English text. If a unit lacks one of them, as in a memory of
 * several languages, that text is empty.
 */
export async function* readTmx({ id: file, files: [stored], corpus }: PairSource): AsyncGenerator<Row[]> {
  let row = 0;
  for await (const units of tmxUnits(stored!)) {
    yield units.map((unit) => {
      const [ko, en] = [textIn(unit, 'ko'), textIn(unit, 'en')];
      return rowOf({ file, row: ++row, corpus }, ko ?? '', en ?? '');
    });
  }
}

class UnitReader implements XmlReader<TmxText[][]> {
  private units: TmxText[][] = [];
  private unit: TmxText[] = [];
  private language = '';
  private segment = '';
  private inSegment = false;
  /** The depth of open codes. A `sub` in a code is a separate text and is ignored with it. */
  private codes = 0;

  readonly take = (): TmxText[][] => {
    const { units } = this;
    this.units = [];
    return units;
  };

  readonly open = (tag: string, attributes: Attributes): void => {
    if (tag === 'tu') this.unit = [];
    else if (tag === 'tuv') this.language = attributes['xml:lang'] ?? attributes.lang ?? '';
    else if (tag === 'seg') {
      this.inSegment = true;
      this.segment = '';
    } else if (this.inSegment && CODES.has(tag)) this.codes++;
  };

  readonly close = (tag: string): void => {
    if (tag === 'tu') this.units.push(this.unit);
    else if (tag === 'seg') {
      this.inSegment = false;
      this.unit.push({ language: this.language, text: this.segment });
    } else if (this.inSegment && CODES.has(tag)) this.codes--;
  };

  readonly text = (text: string): void => {
    if (this.inSegment && this.codes === 0) this.segment += text;
  };
}
