/**
 * @file Generates any number of translated sentence pairs, with no text twice. Sentence `i` is the number `i`, written
 * with words as digits, after a permutation that makes neighbours look different.
 */

/** @typedef {{ ko: string, en: string }} Pair two texts that say the same */

/**
 * The words that can fill a slot of the sentence, in Korean and English. An empty word omits the slot.
 *
 * @typedef {readonly (readonly [ko: string, en: string])[]} Slot
 */

/** @type {Slot} */
const TIMES = [
  ['', ''],
  ['어제 저녁에 ', 'yesterday evening '],
  ['지난 봄에 ', 'last spring '],
  ['올해 초에 ', 'early this year '],
  ['이번 달에 ', 'this month '],
  ['작년 겨울에 ', 'last winter '],
  ['월요일 아침에 ', 'on Monday morning '],
  ['금요일 오후에 ', 'on Friday afternoon '],
  ['축제 기간에 ', 'during the festival '],
  ['휴가가 끝난 뒤 ', 'after the holidays '],
  ['회의가 끝난 뒤 ', 'after the meeting '],
  ['비가 그친 뒤 ', 'after the rain stopped '],
  ['해가 뜨기 전에 ', 'before sunrise '],
  ['개막식 전날에 ', 'the day before the opening '],
  ['2019년 3월에 ', 'in March 2019 '],
  ['2020년 7월에 ', 'in July 2020 '],
  ['3주 만에 ', 'within three weeks '],
  ['오전 10시쯤 ', 'at about 10 a.m. '],
  ['오후 4시 30분에 ', 'at 4:30 p.m. '],
];
/** @type {Slot} */
const PLACES = [
  ['', ''],
  ['서울 시청에서 ', ' at Seoul City Hall'],
  ['부산 항구에서 ', ' at the port of Busan'],
  ['제주 공항에서 ', ' at Jeju airport'],
  ['대학 도서관에서 ', ' in the university library'],
  ['중앙 연구소에서 ', ' at the central laboratory'],
  ['동네 시장에서 ', ' at the neighbourhood market'],
  ['국립 박물관에서 ', ' in the national museum'],
  ['초등학교 강당에서 ', ' in the hall of a primary school'],
  ['한강 공원에서 ', ' in a park by the Han River'],
  ['지하철역 앞에서 ', ' in front of the subway station'],
  ['시골 마을에서 ', ' in a country village'],
  ['온라인 회의에서 ', ' in an online meeting'],
  ['법원 앞에서 ', ' in front of the courthouse'],
  ['방송국 스튜디오에서 ', ' in a television studio'],
  ['시립 병원에서 ', ' at the city hospital'],
  ['반도체 공장에서 ', ' in a semiconductor plant'],
  ['오래된 사찰에서 ', ' at an old temple'],
  ['국제 전시장에서 ', ' at the international exhibition'],
];
/** @type {Slot} */
const PEOPLE = [
  ['젊은 기술자는', 'the young engineer'],
  ['담당 공무원은', 'the official in charge'],
  ['유명한 배우는', 'the famous actor'],
  ['은퇴한 교사는', 'the retired teacher'],
  ['현지 농부들은', 'local farmers'],
  ['두 명의 학생은', 'two students'],
  ['외국인 관광객은', 'a foreign tourist'],
  ['병원 의료진은', 'the medical staff'],
  ['시민 단체는', 'a civic group'],
  ['대기업 임원은', 'an executive of a large company'],
  ['동네 주민들은', 'the residents'],
  ['경제 전문가는', 'an economist'],
  ['김 교수는', 'Professor Kim'],
  ['박 감독은', 'Director Park'],
  ['이 변호사는', 'the lawyer Lee'],
  ['신입 사원은', 'a new employee'],
  ['국회 의원은', 'a member of parliament'],
  ['자원 봉사자는', 'a volunteer'],
  ['우리 할머니는', 'my grandmother'],
  ['옆집 아이는', 'the child next door'],
  ['해양 연구원은', 'a marine researcher'],
  ['버스 기사는', 'the bus driver'],
  ['요리사 부부는', 'a couple of cooks'],
];
/** @type {Slot} */
const ADJECTIVES = [
  ['', ''],
  ['새로운 ', 'new '],
  ['오래된 ', 'old '],
  ['전통적인 ', 'traditional '],
  ['간단한 ', 'simple '],
  ['복잡한 ', 'complicated '],
  ['지속 가능한 ', 'sustainable '],
  ['친환경 ', 'eco-friendly '],
  ['세계적인 ', 'world-class '],
  ['값비싼 ', 'expensive '],
  ['개선된 ', 'improved '],
  ['다양한 ', 'various '],
  ['"특별한" ', '"special" '],
];
/** @type {Slot} */
const OBJECTS = [
  ['교육 과정을', 'curriculum'],
  ['정보 보안 체계를', 'information security system'],
  ['한식 요리법을', 'recipe for Korean food'],
  ['도로 포장 계획을', 'road paving plan'],
  ['지역 축제를', 'local festival'],
  ['자율 주행 기술을', 'self-driving technology'],
  ['전기차 배터리를', 'battery for electric cars'],
  ['연구 보고서를', 'research report'],
  ['드라마 대본을', 'drama script'],
  ['세금 제도를', 'tax system'],
  ['민원 처리 절차를', 'procedure for civil complaints'],
  ['고속 철도 노선을', 'high-speed rail line'],
  ['해외 투자 전략을', 'overseas investment strategy'],
  ['영상 촬영 장비를', 'film equipment'],
  ['태양광 발전소를', 'solar power plant'],
  ['복지 정책을', 'welfare policy'],
  ['건강 검진 결과를', 'result of the health check'],
  ['쓰레기 분리 방법을', 'way of sorting waste'],
  ['문화재 복원 작업을', 'restoration of the cultural asset'],
  ['소비자 물가 지수를', 'consumer price index'],
  ['인공 지능 모델을', 'artificial intelligence model'],
  ['벽화와 조각을', 'murals and sculptures'],
  ['예산(안)을', 'budget (draft)'],
  ['사진, 그림, 지도를', 'photos, pictures and maps'],
  ['선거 제도를', 'election system'],
  ['항공권 예약 앱을', 'app for booking flights'],
  ['김치 냉장고를', 'kimchi refrigerator'],
  ['단편 소설집을', 'collection of short stories'],
  ['수질 검사 장치를', 'device for testing water'],
];
/** @type {Slot} */
const ADVERBS = [
  ['', ''],
  [' 자세히', 'in detail'],
  [' 처음으로', 'for the first time'],
  [' 다시 한번', 'once again'],
  [' 공식적으로', 'officially'],
  [' 무료로', 'free of charge'],
  [' 조용히', 'quietly'],
];
/** @type {Slot} */
const VERBS = [
  ['소개했다', 'introduced'],
  ['준비했다', 'prepared'],
  ['확인했다', 'checked'],
  ['설명했다', 'explained'],
  ['검토했다', 'reviewed'],
  ['선택했다', 'chose'],
  ['발표했다', 'presented'],
  ['비교했다', 'compared'],
  ['공개했다', 'made public'],
  ['조사했다', 'looked into'],
  ['홍보했다', 'promoted'],
  ['평가했다', 'evaluated'],
  ['추천했다', 'recommended'],
];

/** In the order in which the digits of a sentence's number are used. */
const SLOTS = [VERBS, OBJECTS, PEOPLE, PLACES, ADVERBS, TIMES, ADJECTIVES];
const COUNT = SLOTS.reduce((product, { length }) => product * length, 1);

/** A prime that divides no slot's length: stepping by it visits every sentence before any repeats. */
const STEP = 618_034_013;

/** The number of sentences for which the arithmetic of `pairAt` is exact. */
export const MAX_SENTENCES = Math.min(COUNT, Math.floor(Number.MAX_SAFE_INTEGER / STEP) - 1);

/**
 * Sentence `index` of the sequence that begins at `start`, which depends on the seed.
 *
 * @param {number} index
 * @returns {Pair}
 */
export function pairAt(index, start = 0) {
  let number = (index * STEP + start) % COUNT;
  /** @param {Slot} slot */
  const next = (slot) => {
    const word = slot[number % slot.length] ?? ['', ''];
    number = Math.floor(number / slot.length);
    return word;
  };
  const [verb, object, person, place] = [next(VERBS), next(OBJECTS), next(PEOPLE), next(PLACES)];
  const [adverb, time, adjective] = [next(ADVERBS), next(TIMES), next(ADJECTIVES)];
  const manner = adverb[1] && `, ${adverb[1]}`;
  const clause = `${time[1]}${person[1]} ${verb[1]} the ${adjective[1]}${object[1]}${place[1]}${manner}.`;
  return {
    ko: `${time[0]}${place[0]}${person[0]} ${adjective[0]}${object[0]}${adverb[0]} ${verb[0]}.`,
    en: capitalised(clause),
  };
}

/**
 * Where the sequence of sentences begins for a seed.
 *
 * @param {number} seed
 */
export function startOf(seed) {
  return (seed * 104_729) % COUNT;
}

/** @param {string} text */
function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
