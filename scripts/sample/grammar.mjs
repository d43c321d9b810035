/** @file The sentences of the sample corpus: descriptions of pictures in natural language. */
import * as english from './english.mjs';
import * as korean from './korean.mjs';
import { pick } from './random.mjs';
import * as words from './vocabulary.mjs';

/** @import { Pair } from '../corpora/sentences.mjs' */
/** @import { Random } from './random.mjs' */
/** @import { Thing } from './vocabulary.mjs' */
/** @typedef {Pair & { be: 'is' | 'are' }} Phrase a noun phrase, and the verb that it takes in English */
/** @typedef {(random: Random) => Pair | undefined} Kind makes a pair of what it draws, or none of an unhappy draw */

const COUNTS = [1, 1, 1, 2, 3, 4, 5, 6];

/**
 * One item of the list with probability `chance`, otherwise none: an array, to be spread into a phrase.
 *
 * @template T
 * @param {readonly T[]} list
 * @param {number} chance
 * @param {Random} random
 */
function maybe(list, chance, random) {
  return random() < chance ? [pick(list, random)] : [];
}

/** @param {readonly Pair[]} parts */
const ko = (parts) => parts.map((part) => part.ko).join(' ');
/** @param {readonly Pair[]} parts */
const en = (parts) => parts.map((part) => part.en);

/**
 * A noun with its adjectives, once or several times: `작은 검은 고양이 두 마리`, `two small black cats`.
 *
 * @param {Thing} noun
 * @param {readonly Pair[]} qualities
 * @param {number} count
 * @returns {Phrase}
 */
function nounPhrase(noun, qualities, count) {
  const single = [...qualities, noun];
  return {
    ko: count === 1 ? ko(single) : korean.counted(ko(single), count, noun.counter),
    en: english.counted(en(qualities), noun.en, count),
    be: count === 1 ? 'is' : 'are',
  };
}

/** @param {Random} random */
function animal(random, count = pick(COUNTS, random)) {
  const qualities = [...maybe(words.animalQualities, 0.5, random), ...maybe(words.colors, 0.5, random)];
  return nounPhrase(pick(words.animals, random), qualities, count);
}

/** @param {Random} random */
function person(random, count = pick(COUNTS, random)) {
  return nounPhrase(pick(words.people, random), maybe(words.peopleQualities, 0.5, random), count);
}

/** @param {Random} random */
function thing(random, list = words.objects, count = pick(COUNTS, random)) {
  const qualities = [...maybe(words.thingQualities, 0.5, random), ...maybe(words.colors, 0.6, random)];
  return nounPhrase(pick(list, random), qualities, count);
}

/**
 * Who does what; people more often than animals.
 *
 * @param {Random} random
 */
function scene(random) {
  return random() < 0.5
    ? { who: person(random), action: pick(words.peopleActions, random) }
    : { who: animal(random), action: pick(words.animalActions, random) };
}

/**
 * All kinds of sentences, by subject.
 *
 * @type {Record<'scenes' | 'things' | 'pictures', readonly Kind[]>}
 */
export const KINDS = {
  scenes: [
    // 작은 고양이 두 마리가 밤에 지붕 위에서 자고 있다
    (random) => {
      const { who, action } = scene(random);
      const [place, time] = [pick(words.places, random), maybe(words.times, 0.5, random)];
      return {
        ko: [
          korean.subject(who.ko),
          ...time.map((t) => `${t.ko}에`),
          place.ko + action.particle,
          action.ko,
          '있다',
        ].join(' '),
        en: [who.en, who.be, action.en, place.en, ...en(time)].join(' '),
      };
    },
    // 공원에서 책을 읽고 있는 키 큰 여자
    (random) => {
      const { who, action } = scene(random);
      const place = pick(words.places, random);
      return {
        ko: `${place.ko}${action.particle} ${action.ko} 있는 ${who.ko}`,
        en: `${who.en} ${action.en} ${place.en}`,
      };
    },
    // 강아지와 하얀 고양이가 소파 위에서 놀고 있다
    (random) => {
      const [first, second] = [animal(random, 1), animal(random, 1)];
      if (first.en === second.en) return undefined;
      const [place, action] = [pick(words.places, random), pick(words.animalActions, random)];
      return {
        ko: `${korean.and(first.ko, korean.subject(second.ko))} ${place.ko}${action.particle} ${action.ko} 있다`,
        en: `${first.en} and ${second.en} are ${action.en} ${place.en}`,
      };
    },
    // 빨간 모자를 쓴 남자가 기타를 치고 있다
    (random) => {
      const [who, action] = [person(random, 1), pick(words.peopleActions, random)];
      const [color, garment] = [pick(words.colors, random), pick(words.clothes, random)];
      return {
        ko: `${color.ko} ${korean.object(garment.ko)} ${garment.worn} ${korean.subject(who.ko)} ${action.ko} 있다`,
        en: `${who.en} wearing ${english.indefinite(`${color.en} ${garment.en}`)} is ${action.en}`,
      };
    },
    // 말을 타고 있는 남자
    (random) => {
      const [who, mount, place] = [person(random, 1), pick(words.mounts, random), maybe(words.sites, 0.7, random)];
      return {
        ko: [...place.map((p) => `${p.ko}에서`), korean.object(mount.ko), '타고 있는', who.ko].join(' '),
        en: [who.en, 'riding', english.indefinite(mount.en), ...en(place)].join(' '),
      };
    },
    // 소녀가 노란 풍선을 들고 있다
    (random) => {
      const [who, what, place] = [person(random, 1), thing(random, words.objects, 1), maybe(words.places, 0.5, random)];
      return {
        ko: [korean.subject(who.ko), ...place.map((p) => `${p.ko}에서`), korean.object(what.ko), '들고 있다'].join(' '),
        en: [who.en, 'is holding', what.en, ...en(place)].join(' '),
      };
    },
    // 새를 바라보는 검은 고양이
    (random) => {
      const [who, whom] = [animal(random), random() < 0.5 ? animal(random, 1) : thing(random, words.objects, 1)];
      return { ko: `${korean.object(whom.ko)} 바라보는 ${who.ko}`, en: `${who.en} looking at ${whom.en}` };
    },
  ],
  things: [
    // 탁자 위에 놓인 빨간 사과 두 개
    (random) => {
      const [what, surface] = [thing(random), pick(words.surfaces, random)];
      return { ko: `${surface.ko}에 놓인 ${what.ko}`, en: `${what.en} ${surface.en}` };
    },
    // 탁자 위에 놓인 파란 컵과 노란 우산
    (random) => {
      const [first, second, surface] = [thing(random), thing(random), maybe(words.surfaces, 0.6, random)];
      if (first.en === second.en) return undefined;
      return {
        ko: [...surface.map((s) => `${s.ko}에 놓인`), korean.and(first.ko, second.ko)].join(' '),
        en: [first.en, 'and', second.en, ...en(surface)].join(' '),
      };
    },
    // 밤에 도로를 달리는 파란 버스
    (random) => {
      const [what, journey] = [thing(random, words.vehicles), pick(words.journeys, random)];
      const time = maybe(words.times, 0.7, random);
      return {
        ko: [...time.map((t) => `${t.ko}에`), journey.ko, what.ko].join(' '),
        en: [what.en, journey.en, ...en(time)].join(' '),
      };
    },
    // 언덕 위에 있는 오래된 등대, 호수 위에 있는 하얀 배
    (random) => {
      const afloat = random() < 0.3;
      const [what, site] = [
        thing(random, afloat ? words.boats : words.buildings),
        pick(afloat ? words.waters : words.sites, random),
      ];
      return { ko: `${site.ko}에 있는 ${what.ko}`, en: `${what.en} ${site.en}` };
    },
  ],
  pictures: [
    // 겨울의 조용한 마을
    (random) => {
      const [quality, landscape] = [pick(words.landscapeQualities, random), pick(words.landscapes, random)];
      const time = pick(words.times, random);
      return {
        ko: `${time.ko}의 ${quality.ko} ${landscape.ko}`,
        en: `${english.indefinite(`${quality.en} ${landscape.en}`)} ${time.en}`,
      };
    },
    // 책을 읽고 있는 여자의 유화
    (random) => {
      const [{ who, action }, picture] = [scene(random), pick(words.pictures, random)];
      return {
        ko: `${action.ko} 있는 ${who.ko}의 ${picture.ko}`,
        en: `${english.indefinite(picture.en)} of ${who.en} ${action.en}`,
      };
    },
    // 펜으로 그린 강아지
    (random) => {
      const [what, tool] = [
        random() < 0.5 ? animal(random) : thing(random, words.buildings),
        pick(words.tools, random),
      ];
      return { ko: `${korean.by(tool.ko)} 그린 ${what.ko}`, en: `${what.en} drawn with ${tool.en}` };
    },
    // 얼음으로 만든 커다란 성
    (random) => {
      const list = pick([words.buildings, words.vehicles, words.animals], random);
      const what = nounPhrase(pick(list, random), maybe(words.thingQualities, 0.6, random), pick(COUNTS, random));
      const [material, place] = [pick(words.materials, random), maybe(words.sites, 0.5, random)];
      return {
        ko: [...place.map((p) => `${p.ko}에 있는`), korean.by(material.ko), '만든', what.ko].join(' '),
        en: [what.en, 'made of', material.en, ...en(place)].join(' '),
      };
    },
  ],
};

/**
 * Writes `count` different pairs of one file, alternating between its kinds. No text is in `seen` or occurs twice.
 *
 * @param {readonly Kind[]} kinds
 * @param {number} count
 * @param {Set<string>} seen
 * @param {Random} random
 */
export function writePairs(kinds, count, seen, random) {
  /** @type {Pair[]} */
  const pairs = [];
  while (pairs.length < count) {
    const pair = kinds[pairs.length % kinds.length]?.(random);
    if (pair === undefined || seen.has(pair.ko) || seen.has(pair.en)) continue;
    seen.add(pair.ko).add(pair.en);
    pairs.push(pair);
  }
  return pairs;
}
