/**
 * @file Character classes as the Rust `tokenizers` library has them, from tables of fixed Unicode versions: Oniguruma's
 * Unicode 16 for the regular expressions in a tokenizer.json, the `unicode_categories` crate's Unicode 8 for BERT's
 * cleaning and punctuation, Unicode 9 for the normalisation forms, combining marks and scripts. Node's own tables are
 * newer and change with its releases, so later characters are excluded; ids are then the same as Python's on every
 * version of Node. Verified by comparing all 1,112,064 characters with `tokenizers` 0.23.3.
 *
 * Each class is text for use inside or outside `[…]` in a regular expression with the `v` flag.
 */

/** The class of the listed characters and ranges, written in hexadecimal: `'61d 2e43-2e4f'`. */
function characters(list: string): string {
  return `[${list.replace(/[0-9a-f]+/g, '\\u{$&}').replaceAll(' ', '')}]`;
}

/** `\s` of Oniguruma and Rust: unlike JavaScript's, it contains U+0085 but not U+FEFF. */
export const WHITE_SPACE = '\\p{White_Space}';

/** Letters, marks and digits that were added after Unicode 16. */
const AFTER_UNICODE_16 = characters(
  '88f c5c cdc 1acf-1add 1ae0-1aeb a7ce-a7cf a7d2 a7d4 a7f1 10940-10959 10ec5-10ec7 10efa-10efb 11b60-11b67 ' +
    '11db0-11ddb 11de0-11de9 16ea0-16eb8 16ebb-16ed3 16ff2-16ff6 187f8-187ff 18d09-18d1e 18d80-18df2 1e6c0-1e6de ' +
    '1e6e0-1e6f5 1e6fe-1e6ff 2b73a-2b73f 2cea2-2cead 323b0-33479',
);

/** `\w` of Rust's regular expressions (UTS #18, annex C), with Unicode 16. */
export const WORD = `[[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]--${AFTER_UNICODE_16}]`;

/** `\p{L}`, `\p{N}` and `\p{Nd}` of Unicode 16. */
export const LETTER = `[\\p{L}--${AFTER_UNICODE_16}]`;
export const NUMBER = `[\\p{N}--${AFTER_UNICODE_16}]`;
export const DIGIT = `[\\p{Nd}--${AFTER_UNICODE_16}]`;

/** The characters at which BERT's pre-tokenizer splits: ASCII symbols, and `\p{P}` of Unicode 8. */
export const BERT_PUNCTUATION =
  '[[\\p{P}\\u{21}-\\u{2f}\\u{3a}-\\u{40}\\u{5b}-\\u{60}\\u{7b}-\\u{7e}\\u{166d}\\u{111c9}]--' +
  characters(
    '61d 9fd a76 c77 c84 1b4e-1b4f 1b7d-1b7f 2e43-2e4f 2e52-2e5d 10d6e 10ead 10ed0 10f55-10f59 10f86-10f89 ' +
      '113d4-113d5 113d7-113d8 1144b-1144f 1145a-1145b 1145d 11660-1166c 116b9 1183b 11944-11946 119e2 11a3f-11a46 ' +
      '11a9a-11a9c 11a9e-11aa2 11b00-11b09 11be1 11c41-11c45 11c70-11c71 11ef7-11ef8 11f43-11f4f 11fff 12ff1-12ff2 ' +
      '16d6d-16d6f 16e97-16e9a 16fe2 1e5ff 1e95e-1e95f',
  ) +
  ']';

/**
 * The characters that BERT's cleaning removes: U+0000, U+FFFD, and control, format and private-use characters of
 * Unicode 8.
 */
export const BERT_CONTROL =
  '[[\\p{Cc}\\p{Cf}\\p{Co}\\u{fffd}]--[\\t\\n\\r]--' + characters('890-891 8e2 110cd 13430-1343f') + ']';

/** `\p{Mn}` of Unicode 8, the accents that an uncased BERT drops. */
export const BERT_ACCENT =
  '[[\\p{Mn}\\u{1734}\\u{1171e}]--' +
  characters(
    '7fd 897-89f 8ca-8e1 9fe afa-aff b55 c04 c3c d00 d3b-d3c d81 eba ece 180f 1885-1886 1abf-1add 1ae0-1aeb ' +
      '1df6-1dfb a82c a8c5 a8ff a9bd 10d24-10d27 10d69-10d6d 10eab-10eac 10efa-10eff 10f46-10f50 10f82-10f85 11070 ' +
      '11073-11074 110c2 111c9 111cf 1123e 11241 1133b 113bb-113c0 113ce 113d0 113d2 113e1-113e2 11438-1143f ' +
      '11442-11444 11446 1145e 1182f-11837 11839-1183a 1193b-1193c 1193e 11943 119d4-119d7 119da-119db 119e0 ' +
      '11a01-11a0a 11a33-11a38 11a3b-11a3e 11a47 11a51-11a56 11a59-11a5b 11a8a-11a96 11a98-11a99 11b60 11b62-11b64 ' +
      '11b66 11c30-11c36 11c38-11c3d 11c3f 11c92-11ca7 11caa-11cb0 11cb2-11cb3 11cb5-11cb6 11d31-11d36 11d3a ' +
      '11d3c-11d3d 11d3f-11d45 11d47 11d90-11d91 11d95 11d97 11ef3-11ef4 11f00-11f01 11f36-11f3a 11f40 11f42 11f5a ' +
      '13440 13447-13455 1611e-16129 1612d-1612f 16f4f 16fe4 1cf00-1cf2d 1cf30-1cf46 1e000-1e006 1e008-1e018 ' +
      '1e01b-1e021 1e023-1e024 1e026-1e02a 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef 1e5ee-1e5ef 1e6e3 1e6e6 ' +
      '1e6ee-1e6ef 1e6f5 1e944-1e94a',
  ) +
  ']';

/**
 * The blocks whose characters BERT separates, as listed in `is_chinese_char` of `tokenizers` (its fourth supplementary
 * block starts at U+2B920, unlike Unicode's).
 */
export const BERT_IDEOGRAPH = characters(
  '4e00-9fff 3400-4dbf 20000-2a6df 2a700-2b73f 2b740-2b81f 2b920-2ceaf f900-faff 2f800-2fa1f',
);

/**
 * Characters that were added after Unicode 9, which `tokenizers` uses for normalisation, for combining marks and for
 * scripts. There they are ordinary letters, which nothing is reordered across, composed with or decomposed to.
 */
export const AFTER_UNICODE_9 = characters(
  '560 588 5ef 61d 7fd-7ff 860-89f 8b5 8be-8d3 9fc-9fe a76 afa-aff b55 c04 c3c c5c-c5d c77 c84 cdc-cdd cf3-d00 d04 ' +
    'd3b-d3c d81 e86 e89 e8c e8e-e93 e98 ea0 ea8-ea9 eac eba ece 170d 1715-171f 180f 1878 1abf-1aeb 1b4c-1b4f ' +
    '1b7d-1b7f 1c89-1cbf 1cf7 1cfa 1df6-1dfa 20bf-20c1 23ff 2427-2429 2b96-2b97 2bba-2bbc 2bc9 2bd2-2beb 2bf0-2bff ' +
    '2c2f 2c5f 2e45-2e5d 2ffc-2fff 312e-312f 31bb-31bf 31e4-31ef 32ff 4db6-4dbf 9fd6-9fff a7af a7b8-a7f6 a82c ' +
    'a8fe-a8ff ab66-ab6b fbc2-fbd2 fd40-fd4f fd90-fd91 fdc8-fdcf fdfe-fdff 1019c 1032d-1032f 10570-105f3 10780-107ba ' +
    '10940-10959 10a34-10a35 10a48 10d00-10d8f 10e80-10ff6 11070-11075 110c2-110cd 11144-11147 111ce-111cf ' +
    '1123f-11241 1133b 11380-113e2 1145a 1145e-11461 116b8-116b9 116d0-116e3 1171a 11740-1183b 11900-11abf ' +
    '11b00-11bf9 11d00-11fff 12f90-12ff2 1342f-143fa 16100-16139 16a70-16ac9 16d40-16ed3 16f45-16f4f 16f7f-16f87 ' +
    '16fe1-16ff6 187ed-187ff 18af3-1affe 1b002-1b2fb 1cc00-1cfc3 1d1e9-1d1ea 1d2c0-1d2f3 1d372-1d378 1df00-1df2a ' +
    '1e030-1e7fe 1e94b 1ec71-1ed3d 1f10d-1f10f 1f12f 1f16c-1f16f 1f1ad 1f260-1f265 1f6d3-1f6df 1f6f7-1f6fc ' +
    '1f774-1f77f 1f7d5-1f7f0 1f8b0-1f90f 1f91f 1f928-1f92f 1f931-1f932 1f93f 1f94c-1f94f 1f95f-1f97f 1f992-1f9bf ' +
    '1f9c1-1fbfa 2a6d7-2a6df 2b735-2b73f 2cea2-2ee5d 30000-33479',
);

/** The combining marks (`\p{M}`) of Unicode 9. */
export const COMBINING_MARK = `[[\\p{M}\\u{1cf2}\\u{1cf3}]--[\\u{111c9}]--${AFTER_UNICODE_9}]`;

/** What the normaliser `Nmt` drops, and what it replaces by a blank, as listed in `normalizers/unicode.rs`. */
export const NMT_DROPPED = characters('1-8 b e-1f 7f 8f 9f');
export const NMT_BLANK = characters('9 a c d 1680 200b-200f 2028-2029 2581 feff fffd');
