/**
 * @file Splitting a text at what a pattern matches, as `NormalizedString::split` of `tokenizers` does
 * (`tokenizers/src/tokenizer/normalizer.rs`).
 */

/** What happens to the matches: they are dropped, stand alone, or join a neighbour. */
export const SPLIT_BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
export type SplitBehavior = (typeof SPLIT_BEHAVIORS)[number];

/** A piece of a text: from `start` to before `end`, in UTF-16 code units. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly isMatch: boolean;
}

/**
 * Splits texts at what a global regular expression matches. No piece is empty.
 *
 * @param patternFor the expression for a text
 * @param invert whether to split at what does not match instead
 */
export function splitAt(
  patternFor: (text: string) => RegExp,
  behavior: SplitBehavior,
  invert = false,
): (text: string) => string[] {
  // CLIP's way, and that of most others, has a faster form: the matches are the pieces.
  if (behavior === 'Removed' && invert) return (text) => text.match(patternFor(text)) ?? [];
  const join = JOINS[behavior];
  return (text) =>
    join(piecesOf(text, patternFor(text), invert))
      .filter(({ start, end }) => start < end)
      .map(({ start, end }) => text.slice(start, end));
}

/** Splits texts into pieces of as many characters, of which the last may have fewer. */
export function splitByLength(length: number): (text: string) => string[] {
  return (text) => {
    const characters = Array.from(text);
    const count = Math.ceil(characters.length / length);
    return Array.from({ length: count }, (_, i) => characters.slice(i * length, (i + 1) * length).join(''));
  };
}

/** Where the first piece begins, in UTF-16 code units; at the end of the text if there is none. */
export function firstPieceAt(text: string, pattern: RegExp, behavior: SplitBehavior, invert: boolean): number {
  if (behavior !== 'Removed') return 0;
  return piecesOf(text, pattern, invert).find(({ isMatch }) => !isMatch)?.start ?? text.length;
}

function piecesOf(text: string, pattern: RegExp, invert: boolean): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (done < match.index) pieces.push({ start: done, end: match.index, isMatch: invert });
    if (match.index < end) pieces.push({ start: match.index, end, isMatch: !invert });
    done = end;
  }
  if (done < text.length) pieces.push({ start: done, end: text.length, isMatch: invert });
  return pieces;
}

const JOINS: Readonly<Record<SplitBehavior, (pieces: Piece[]) => Piece[]>> = {
  Removed: (pieces) => pieces.filter(({ isMatch }) => !isMatch),
  Isolated: (pieces) => pieces,
  Contiguous: (pieces) => joined(pieces, (piece, last) => piece.isMatch === last.isMatch),
  MergedWithPrevious: (pieces) => joined(pieces, (piece, last) => piece.isMatch && !last.isMatch),
  MergedWithNext: (pieces) => joined(pieces, (piece, last) => last.isMatch && !piece.isMatch),
};

/** Joins a piece to the one before it where `belongs` says so; a joined piece counts as its last part. */
function joined(pieces: readonly Piece[], belongs: (piece: Piece, last: Piece) => boolean): Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (last !== undefined && belongs(piece, last)) result.push({ ...piece, start: result.pop()!.start });
    else result.push(piece);
  }
  return result;
}
