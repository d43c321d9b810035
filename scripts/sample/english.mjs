const NUMBERS = ['', 'one', 'two', 'three', 'four', 'five', 'six', 'seven'];

/** Words that begin with a vowel letter but a consonant sound. */
const CONSONANT_SOUND = /^(uni|use|euro|one\b)/;
const SILENT_H = /^(hour|honest|heir)/;

/**
 * `a cat`, `an owl`, `a unicorn`, `an hourglass`
 *
 * @param {string} phrase
 */
export function indefinite(phrase) {
  const startsWithVowelSound = SILENT_H.test(phrase) || (/^[aeiou]/.test(phrase) && !CONSONANT_SOUND.test(phrase));
  return `${startsWithVowelSound ? 'an' : 'a'} ${phrase}`;
}

/** @type {Record<string, string>} */
const IRREGULAR = {
  man: 'men',
  woman: 'women',
  child: 'children',
  fisherman: 'fishermen',
  sheep: 'sheep',
  wolf: 'wolves',
};

/**
 * The plural of a noun, or of the last word of a compound.
 *
 * @param {string} noun
 */
export function plural(noun) {
  const irregular = IRREGULAR[noun];
  if (irregular !== undefined) return irregular;
  if (/(s|x|sh|ch)$/.test(noun)) return `${noun}es`;
  if (/[^aeiou]y$/.test(noun)) return noun.replace(/y$/, 'ies');
  return `${noun}s`;
}

/**
 * `a small cat`, `two small cats`
 *
 * @param {readonly string[]} adjectives
 * @param {string} noun
 * @param {number} count
 */
export function counted(adjectives, noun, count) {
  if (count === 1) return indefinite([...adjectives, noun].join(' '));
  return [NUMBERS[count], ...adjectives, plural(noun)].join(' ');
}
