/** @file Formats a workbook's numbers as Excel shows them (ECMA-376, part 1, sections 18.8.30 and 18.8.31). */
import { elementsOfXml } from './xml.js';

/** How the numbers of a workbook's cells are shown. */
export interface CellFormats {
  /** Formats a number by its cell's style, if it has one. */
  readonly show: (value: string, style: number | undefined) => string;
}

/**
 * Built-in formats, which have a number but no code, as in Korean Excel: dates with the year first. The missing ones
 * are `General` or text.
 */
const BUILT_IN: Readonly<Record<number, string>> = {
  1: '0',
  2: '0.00',
  3: '#,##0',
  4: '#,##0.00',
  5: '"₩"#,##0;\\-"₩"#,##0',
  6: '"₩"#,##0;\\-"₩"#,##0',
  7: '"₩"#,##0.00;\\-"₩"#,##0.00',
  8: '"₩"#,##0.00;\\-"₩"#,##0.00',
  9: '0%',
  10: '0.00%',
  11: '0.00E+00',
  12: '# ?/?',
  13: '# ??/??',
  14: 'yyyy-mm-dd',
  15: 'd-mmm-yy',
  16: 'd-mmm',
  17: 'mmm-yy',
  18: 'h:mm AM/PM',
  19: 'h:mm:ss AM/PM',
  20: 'h:mm',
  21: 'h:mm:ss',
  22: 'yyyy-mm-dd h:mm',
  27: 'yyyy"年" mm"月" dd"日"',
  28: 'mm-dd',
  29: 'mm-dd',
  30: 'mm-dd-yy',
  31: 'yyyy"년" mm"월" dd"일"',
  32: 'h"시" mm"분"',
  33: 'h"시" mm"분" ss"초"',
  34: 'yyyy-mm-dd',
  35: 'yyyy-mm-dd',
  36: 'yyyy"年" mm"月" dd"日"',
  37: '#,##0;\\-#,##0',
  38: '#,##0;\\-#,##0',
  39: '#,##0.00;\\-#,##0.00',
  40: '#,##0.00;\\-#,##0.00',
  45: 'mm:ss',
  46: '[h]:mm:ss',
  47: 'mm:ss.0',
  48: '##0.0E+0',
  50: 'yyyy"年" mm"月" dd"日"',
  57: 'yyyy"年" mm"月" dd"日"',
  58: 'mm-dd',
};

/** Excel's own limit (support.microsoft.com, "Excel specifications and limits") is 255. */
const MAX_CODE_CHARACTERS = 255;

/** The days between the epochs 1900 and 1904, which workbooks from old Macintoshes use. */
const DAYS_TO_1904 = 1462;

/** Significant digits that Excel keeps. */
const DIGITS = 15;

/** Reads the formats in a workbook's styles. Throws an `InputError` for damaged ones. */
export async function readCellFormats(
  styles: AsyncIterable<Buffer> | undefined,
  name: string,
  { from1904 }: { readonly from1904: boolean },
): Promise<CellFormats> {
  const codes = styles === undefined ? [] : await codesOf(styles, name);
  const { format, isDateFormat } = await import('numfmt'); // slow to load, and rarely needed
  const shown = (number: number, code: string): string => {
    const general = String(Number(number.toPrecision(DIGITS)));
    try {
      return format(code, number).trim() || general; // `;;;` shows nothing although there is a value
    } catch {
      return general; // a code that Excel would reject, too
    }
  };
  const show = (value: string, style: number | undefined): string => {
    const number = Number(value);
    if (value.trim() === '' || !Number.isFinite(number)) return value;
    const code = style === undefined ? undefined : codes[style];
    if (code === undefined) return String(Number(number.toPrecision(DIGITS)));
    return shown(from1904 && isDateFormat(code) ? number + DAYS_TO_1904 : number, code);
  };
  return { show };
}

/** The format code of every cell style; undefined for `General`. */
async function codesOf(styles: AsyncIterable<Buffer>, name: string): Promise<(string | undefined)[]> {
  const own = new Map<number, string>();
  const codes: (string | undefined)[] = [];
  let isCellStyle = false;
  for (const { tag, attributes } of await elementsOfXml(styles, name)) {
    if (tag === 'numFmt') own.set(Number(attributes.numFmtId), attributes.formatCode ?? '');
    else if (tag === 'cellXfs') isCellStyle = true;
    else if (tag === 'xf' && isCellStyle)
      codes.push(usable(own.get(Number(attributes.numFmtId)) ?? BUILT_IN[Number(attributes.numFmtId)]));
    else if (tag === 'cellStyles' || tag === 'dxfs') isCellStyle = false;
  }
  return codes;
}

function usable(code: string | undefined): string | undefined {
  const isGeneral = code === undefined || code === '' || code === '@' || /^general$/i.test(code);
  return isGeneral || code.length > MAX_CODE_CHARACTERS ? undefined : code;
}

/** Formats `2024-03-15T00:00:00` as Excel shows it: without a midnight time, and with a space before other times. */
export function shownIsoDate(value: string): string {
  return value.replace(/^(\d{4}-\d\d-\d\d)T00:00(?::00(?:\.0+)?)?Z?$/, '$1').replace(/^(\d{4}-\d\d-\d\d)T/, '$1 ');
}
