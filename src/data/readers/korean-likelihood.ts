/**
 * @file Tells Korean from other languages that were decoded as if they were Korean. In code page 949 nearly any two
 * bytes are a character, so that Chinese (GBK) and Japanese (Shift JIS, EUC-JP) texts decode, too: to rare syllables.
 */

/** The syllables that are frequent in Korean, and what chats repeat. */
const FREQUENT = new Set(
  '이다의는에고을가로하은지기사한도를어아있그인나리자시서정수대해일라부으스보제들여장었주니적상전조것게만과비안원' +
    '오구선성신공마거우소면트내세유미드등동경년생화중발위방계관분없용학치국연무진러와재회실않때했음야요습까네저너말' +
    '못잘더좋같알되된될데던든며려입할함합호모문물민바반배번법산새속술식심약양업역열영예외운월임작점존종준질차참체초출' +
    '타통파평표품행향현형환활후ㅋㅎㅠㅜ',
);

/**
 * How much a letter tells: ln of its probability in Korean over that in another language. The probabilities of a
 * frequent syllable are 0.6, as texts full of names and of words have it (prose has 0.77), and 0.08, above that of any
 * other language (Chinese and Japanese have 0.05 at most).
 */
const WEIGHT = { frequent: Math.log(0.6 / 0.08), other: Math.log(0.4 / 0.92) };

/** Below this sum a text is not Korean: 150 times as likely in another language. */
const LEAST = -5;

/** Letters beyond ASCII, except accented ones, which occur in the translations. */
const LETTERS = /(?![\p{ASCII}\p{Script=Latin}])\p{Letter}/gu;

/** Whether a text may be Korean, by its letters: too few of them never decide against it. */
export function mayBeKorean(text: string): boolean {
  const letters = text.match(LETTERS) ?? [];
  const frequent = letters.filter((letter) => FREQUENT.has(letter)).length;
  return frequent * WEIGHT.frequent + (letters.length - frequent) * WEIGHT.other >= LEAST;
}
