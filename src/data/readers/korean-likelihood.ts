/**
 * @file Tells code page 949 from other encodings whose bytes happen to be valid there. Nearly any two bytes beyond
 * ASCII are a character of it, so that Chinese, Japanese, Thai and Cyrillic texts decode, too: to rare syllables. The
 * bytes are therefore as likely in Korean as in any of those, by how often characters occur in each; of a text of a few
 * words, that decides.
 */
import iconv from 'iconv-lite';
import { FOREIGN_ENCODINGS, type PairLikelihood } from './foreign-encodings.js';
import { COMMON, FREQUENT, KS_X_1001 } from './korean-syllables.js';

/** ln of the probability of one character of each kind in Korean. Texts may be half in Hanja, or chat. */
const KOREAN = {
  frequent: Math.log(0.6 / FREQUENT.size),
  common: Math.log(0.32 / COMMON.size),
  /** The other syllables of KS X 1001. */
  syllable: Math.log(0.08 / (KS_X_1001 - FREQUENT.size - COMMON.size)),
  /** The syllables that only code page 949 has. */
  rareSyllable: Math.log(0.01 / 8822),
  hanja: Math.log(0.5 / 4888),
  chat: Math.log(0.02),
  consonant: Math.log(0.003),
  sign: Math.log(0.05 / 188),
  other: Math.log(0.002 / 170),
  invalid: Math.log(1e-7),
};

/** Below this a text is not Korean: four times as likely in another encoding. */
const LEAST = -1.5;

/** Whether bytes that begin with a whole character may be Korean in code page 949. */
export function mayBeKorean(bytes: Buffer): boolean {
  const pairs = pairsOf(bytes);
  const korean = sumOver(pairs, koreanLikelihood);
  return FOREIGN_ENCODINGS.every((foreign) => korean - sumOver(pairs, foreign) >= LEAST);
}

/** How often each two bytes beyond ASCII occur, as `lead * 256 + trail`. */
function pairsOf(bytes: Buffer): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  for (let at = 0; at + 1 < bytes.length; at++) {
    if (bytes[at]! < 0x80) continue;
    const pair = bytes[at]! * 256 + bytes[++at]!;
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
}

function sumOver(pairs: ReadonlyMap<number, number>, likelihood: PairLikelihood): number {
  return [...pairs].reduce((sum, [pair, count]) => sum + count * likelihood(pair >> 8, pair & 0xff), 0);
}

function koreanLikelihood(lead: number, trail: number): number {
  const character = iconv.decode(Buffer.of(lead, trail), 'cp949');
  if (FREQUENT.has(character)) return KOREAN.frequent;
  if (COMMON.has(character)) return KOREAN.common;
  if (/^[\uac00-\ud7a3]$/.test(character)) return isInKsX1001(lead, trail) ? KOREAN.syllable : KOREAN.rareSyllable;
  if (/^\p{Script=Han}$/u.test(character)) return KOREAN.hanja;
  if (/^[ㅋㅎㅇㅠㅜ]$/.test(character)) return KOREAN.chat;
  if (/^[ㄱ-ㅎ]$/.test(character)) return KOREAN.consonant;
  if (lead === 0xa1 || lead === 0xa3) return KOREAN.sign; // punctuation and full-width forms
  return character.length === 1 && character !== '\ufffd' ? KOREAN.other : KOREAN.invalid;
}

function isInKsX1001(lead: number, trail: number): boolean {
  return lead >= 0xb0 && lead <= 0xc8 && trail >= 0xa1;
}
