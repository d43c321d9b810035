const NUMBERS = ['', '한', '두', '세', '네', '다섯', '여섯', '일곱'];

/**
 * Jongseong of the last syllable: 0 if it ends in a vowel, 8 for ㄹ (Unicode 16, section 3.12).
 *
 * @param {string} word
 */
function finalConsonant(word) {
  return (word.charCodeAt(word.length - 1) - 0xac00) % 28;
}

/**
 * The word with the form of the particle that fits its last sound.
 *
 * @param {string} word
 * @param {string} afterConsonant
 * @param {string} afterVowel
 */
function attach(word, afterConsonant, afterVowel) {
  return word + (finalConsonant(word) === 0 ? afterVowel : afterConsonant);
}

/** @param {string} word */
export const subject = (word) => attach(word, '이', '가');
/** @param {string} word */
export const object = (word) => attach(word, '을', '를');
/**
 * @param {string} word
 * @param {string} other
 */
export const and = (word, other) => `${attach(word, '과', '와')} ${other}`;

/**
 * "With": ㄹ counts as a vowel.
 *
 * @param {string} word
 */
export const by = (word) => word + (finalConsonant(word) === 0 || finalConsonant(word) === 8 ? '로' : '으로');

/**
 * `고양이 두 마리`
 *
 * @param {string} noun
 * @param {number} count
 * @param {string} counter
 */
export const counted = (noun, count, counter) => `${noun} ${NUMBERS[count]} ${counter}`;
