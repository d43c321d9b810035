/** @file How likely two bytes beyond ASCII are in encodings other than Korean's, for `korean-likelihood.ts`. */
import iconv from 'iconv-lite';

/** ln of the probability of two bytes, of which the first is beyond ASCII. */
export type PairLikelihood = (lead: number, trail: number) => number;

/** The frequent characters of Chinese, about six of ten in a text. */
const FREQUENT_CHINESE =
  '的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家' +
  '种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十' +
  '民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯' +
  '月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女' +
  '变四神何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼' +
  '书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切' +
  '院让识候带导争运笑飞风步改收根干造言联持组每济车亲极林服快办议往元英士证近失转夫令准布始怎呢存未远叫台单影具罗字' +
  '爱击流备兵连调深商算质团集百需价花党华城石级整府离况亚请技际约示复病息究线似官火断精满支视消越器容照须九增研写称' +
  '企八功吗包片史委乎查轻易早曾除农找装广显吧阿李标谈吃图念六引历首医局突专费号尽另周较注语仅考落青随选列喜欢雨猫孩';

/** A character from a set of frequent ones, or else of another kind. */
const among = (share: number, size: number): number => Math.log(share / size);
const IMPOSSIBLE = Math.log(1e-7);

let chinese: ReadonlySet<number> | undefined;

/** GBK: levels 1 and 2 of GB 2312, its signs, and the rest. */
function gbk(lead: number, trail: number): number {
  chinese ??= new Set(pairsIn(iconv.encode(FREQUENT_CHINESE, 'gbk')));
  if (chinese.has(lead * 256 + trail)) return among(0.6, chinese.size);
  if (trail < 0xa1) return trail < 0x40 ? IMPOSSIBLE : among(0.005, 15_000);
  if (lead === 0xa1 || lead === 0xa3) return among(0.05, 188);
  if (lead >= 0xb0 && lead <= 0xd7) return among(0.35, 3755);
  return lead >= 0xd8 && lead <= 0xf7 ? among(0.03, 3008) : among(0.005, 15_000);
}

function pairsIn(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16BE(2 * index));
}

/** Big5: the frequent characters (`A440` to `C67E`), and the rest. */
function big5(lead: number, trail: number): number {
  if (trail < 0x40 || (trail > 0x7e && trail < 0xa1)) return IMPOSSIBLE;
  if (lead >= 0xa4 && lead <= 0xc6) return among(0.9, 5401);
  if (lead === 0xa1) return among(0.05, 188);
  return among(0.05, 7652);
}

/** Shift JIS: Hiragana (row `82`), Katakana (row `83`), Kanji of level 1, and the rest. */
function shiftJis(lead: number, trail: number): number {
  if (trail < 0x40) return IMPOSSIBLE;
  if (lead === 0x82 && trail >= 0x9f) return among(0.5, 83);
  if (lead === 0x83 && trail <= 0x96) return among(0.1, 86);
  if (lead === 0x81) return among(0.05, 147);
  if (lead >= 0x88 && lead <= 0x98) return among(0.3, 2965);
  return lead >= 0xa0 && lead <= 0xdf ? IMPOSSIBLE : among(0.02, 3390);
}

/** EUC-JP: Hiragana (row `A4`), Katakana (row `A5`), Kanji of level 1, and the rest. */
function eucJp(lead: number, trail: number): number {
  if (trail < 0xa1) return IMPOSSIBLE;
  if (lead === 0xa4 && trail <= 0xf3) return among(0.5, 83);
  if (lead === 0xa5 && trail <= 0xf6) return among(0.1, 86);
  if (lead === 0xa1) return among(0.05, 94);
  if (lead >= 0xb0 && lead <= 0xcf) return among(0.3, 2965);
  return lead >= 0xd0 && lead <= 0xf4 ? among(0.02, 3390) : IMPOSSIBLE;
}

/** An encoding of single bytes, by the probability of each. */
const singleBytes =
  (likelihood: (byte: number) => number): PairLikelihood =>
  (lead, trail) =>
    likelihood(lead) + (trail < 0x80 ? among(1, 40) : likelihood(trail));

/** An alphabet at `first`, with its other case in the 32 bytes at `second`: Cyrillic, Greek, accented Latin. */
const alphabet = (first: number, second: number): PairLikelihood =>
  singleBytes((byte) => {
    if (byte >= first && byte < first + 32) return among(0.9, 32);
    return byte >= second && byte < second + 32 ? among(0.08, 32) : among(0.02, 64);
  });

/** The frequent letters of Thai. */
const FREQUENT_THAI = new Set(iconv.encode('านรอกงเม่ยลวดทส้ัีตหะิคบป์จพ', 'windows-874'));

const thai = singleBytes((byte) => {
  if (FREQUENT_THAI.has(byte)) return among(0.85, FREQUENT_THAI.size);
  return byte < 0xa1 || (byte > 0xda && byte < 0xdf) || byte > 0xfb ? IMPOSSIBLE : among(0.15, 59);
});

/** Encodings whose texts decode in code page 949. */
export const FOREIGN_ENCODINGS: readonly PairLikelihood[] = [
  gbk,
  big5,
  shiftJis,
  eucJp,
  thai,
  alphabet(0xe0, 0xc0), // Windows-1251, -1252, -1253
  alphabet(0xc0, 0xe0), // KOI8-R
];
