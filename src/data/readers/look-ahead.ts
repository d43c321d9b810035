/**
 * @file Determines how the fields of a delimited file are quoted, and whether backslashes escape, by looking ahead:
 * rows before the first one that reveals it must be read the same way.
 */
import { cutterFor, type Marks } from './delimited.js';
import { isLineBreak } from './utf8.js';

const [LINE_FEED, BACKSLASH, SPACE] = [0x0a, 0x5c, 0x20];

/** How many bytes to compare quotes in. */
const COMPARED_BYTES = 1 << 22;

/** Reads the chunks of a text in UTF-8, starting from its beginning at each call. */
export type PiecesAgain = () => AsyncIterable<Buffer>;

/**
 * Determines the quotes around fields: as given, or single quotes, or double quotes after a space if more rows are
 * valid that way, or equally many and the quotes would otherwise be part of the texts.
 *
 * @param width the number of fields in a row
 */
export async function quotesAhead(pieces: PiecesAgain, marks: Marks, name: string, width: number): Promise<Marks> {
  const others: readonly Marks[] = [
    { ...marks, quote: marks.quote === "'" ? '"' : "'" },
    ...(marks.isSpaced === true ? [] : [{ ...marks, isSpaced: true }]),
  ];
  const likely = await amongFirst(pieces, others);
  if (likely.length === 0) return marks;
  let best = { marks, ...(await soundnessOf(pieces, marks, name, width)) };
  for (const other of likely) {
    const found = await soundnessOf(pieces, other, name, width);
    const isBetter =
      found.sound > best.sound || (found.sound === best.sound && best.marks === marks && found.isTelling);
    if (isBetter && found.enclosed > 0) best = { marks: other, ...found };
  }
  return best.marks;
}

/** Whether backslashes escape in any row of the text. */
export async function escapesAhead(pieces: PiecesAgain, marks: Marks, name: string, width: number): Promise<boolean> {
  if (!(await hasBackslashes(pieces(), marks))) return false;
  const cutter = cutterFor(marks, name, width);
  for await (const piece of pieces()) if (cutter.cut(piece).some(({ isEscaped }) => isEscaped)) return true;
  return cutter.end().some(({ isEscaped }) => isEscaped);
}

/** Reads the first bytes of a text. */
async function* beginning(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = COMPARED_BYTES;
  for await (const piece of pieces) {
    yield piece.subarray(0, left);
    left -= piece.length;
    if (left <= 0) return;
  }
}

/** The candidates whose quotes begin a field in the first rows. */
async function amongFirst(pieces: PiecesAgain, others: readonly Marks[]): Promise<readonly Marks[]> {
  const found = new Set<Marks>();
  for await (const piece of beginning(pieces()))
    for (const marks of others) if (!found.has(marks) && hasOpening(piece, marks)) found.add(marks);
  return others.filter((marks) => found.has(marks));
}

function hasOpening(bytes: Buffer, marks: Marks): boolean {
  for (let at = bytes.indexOf(marks.quote); at !== -1; at = bytes.indexOf(marks.quote, at + 1))
    if (isOpening(bytes, at, marks)) return true;
  return false;
}

/** Whether a quote begins a field, after a space if spaces may precede it. */
function isOpening(bytes: Buffer, at: number, { delimiter, isSpaced }: Marks): boolean {
  let before = at - 1;
  if (isSpaced === true) {
    while (bytes[before] === SPACE) before--;
    if (before === at - 1) return false;
  }
  return before < 0 ? false : bytes[before] === delimiter.charCodeAt(0) || isLineBreak(bytes[before]);
}

/** Counts the rows that are valid with some quotes, and the fields that these quotes enclose. */
async function soundnessOf(
  pieces: PiecesAgain,
  marks: Marks,
  name: string,
  width: number,
): Promise<{ readonly sound: number; readonly enclosed: number; readonly isTelling: boolean }> {
  const cutter = cutterFor(marks, name, width);
  let [sound, enclosed, isTelling] = [0, 0, false];
  for await (const piece of beginning(pieces())) {
    for (const { isSound, bytes } of cutter.cut(piece)) {
      if (!isSound) continue;
      sound++;
      if (!hasOpening(Buffer.concat([Buffer.of(LINE_FEED), bytes]), marks)) continue;
      enclosed++;
      isTelling ||= marks.isSpaced === true || bytes.includes(marks.quote + marks.quote);
    }
  }
  return { sound, enclosed, isTelling };
}

/** Whether a backslash precedes a quote, a separator or a line break anywhere. */
async function hasBackslashes(pieces: AsyncIterable<Buffer>, { delimiter, quote }: Marks): Promise<boolean> {
  const escaped = [delimiter, quote].map((mark) => mark.charCodeAt(0));
  let isOpen = false;
  for await (const piece of pieces) {
    if (isOpen && escaped.includes(piece[0]!)) return true;
    for (let at = piece.indexOf(BACKSLASH); at !== -1; at = piece.indexOf(BACKSLASH, at + 1))
      if (escaped.includes(piece[at + 1]!) || isLineBreak(piece[at + 1])) return true;
    isOpen = piece.at(-1) === BACKSLASH;
  }
  return false;
}
