/**
 * @file Splitting a text where the script changes, as the pre-tokenizer `UnicodeScripts` of `tokenizers` does
 * (`pre_tokenizers/unicode_scripts/pre_tokenizer.rs`), with its tables of Unicode 9.
 */
import { AFTER_UNICODE_9 } from './unicode.js';

/** The scripts of Unicode 9, frequent ones first. The two kinds of kana are written with Han, and count as such. */
const SCRIPTS = (
  'Latin Hangul Common Han Inherited Greek Cyrillic Armenian Hebrew Arabic Syriac Thaana Nko Samaritan Mandaic ' +
  'Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar ' +
  'Georgian Ethiopic Cherokee Canadian_Aboriginal Ogham Runic Tagalog Hanunoo Buhid Tagbanwa Khmer Mongolian Adlam ' +
  'Aghb Ahom Anatolian_Hieroglyphs Avestan Balinese Bamum Bassa_Vah Batak Bhaiksuki Bopomofo Brahmi Braille ' +
  'Buginese Carian Chakma Cham Coptic Cuneiform Cypriot Deseret Duployan Egyptian_Hieroglyphs Elbasan Glagolitic ' +
  'Gothic Grantha Hatran Imperial_Aramaic Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kayah_Li ' +
  'Kharoshthi Khojki Khudawadi Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Manichaean Marchen ' +
  'Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mro Multani Nabataean New_Tai_Lue ' +
  'Newa Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_South_Arabian Old_Turkic ' +
  'Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Saurashtra Sharada ' +
  'Shavian Siddham SignWriting Sora_Sompeng Sundanese Syloti_Nagri Tai_Le Tai_Tham Tai_Viet Takri Tangut Tifinagh ' +
  'Tirhuta Ugaritic Vai Warang_Citi Yi'
).split(' ');

/** Characters that the table has in another script than Unicode has them now. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  '\u0589': 'Common',
  '\u061c': 'Common',
  '\u0953': 'Devanagari',
  '\u0954': 'Devanagari',
  ー: 'Han',
};

const PATTERNS = SCRIPTS.map((script) => {
  const more = script === 'Han' ? '\\p{sc=Hira}\\p{sc=Kana}' : '';
  return new RegExp(`^[[\\p{sc=${script}}${more}]--[ ]--${AFTER_UNICODE_9}]$`, 'v');
});

/** The number of a blank, and of a character without a script: it joins any script. */
const ANY = SCRIPTS.length;

/** The number of each character's script, plus one; zero where it has not been looked up. */
const known = new Uint8Array(0x110000);

function scriptOf(character: string): number {
  const code = character.codePointAt(0)!;
  if (known[code] === 0) {
    const exception = EXCEPTIONS[character];
    const script =
      exception === undefined ? PATTERNS.findIndex((pattern) => pattern.test(character)) : SCRIPTS.indexOf(exception);
    known[code] = 1 + (script === -1 ? ANY : script);
  }
  return known[code]! - 1;
}

/** Splits a text into stretches of one script. What is before its first letter with a script is dropped. */
export function splitAtScripts(text: string): string[] {
  const starts = scriptStarts(text);
  return starts.map((start, index) => text.slice(start, starts[index + 1]));
}

/** Where the first stretch begins, in UTF-16 code units; at the end of the text if there is none. */
export function firstScriptAt(text: string): number {
  return scriptStarts(text)[0] ?? text.length;
}

function scriptStarts(text: string): number[] {
  const starts: number[] = [];
  let last = ANY;
  let at = 0;
  for (const character of text) {
    const script = scriptOf(character);
    if (script !== ANY && script !== last) starts.push(at);
    if (script !== ANY) last = script;
    at += character.length;
  }
  return starts;
}
