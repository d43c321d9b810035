/** @file Wraps text to the width of a terminal. */
import stringWidth from 'string-width';

/** A unit that is not broken if it fits on a line: a command in backticks, or a word. */
const PIECES = /`[^`]*`\S*|\S+/g;

/** The parts of a path or a list, after whose separators a long word may be broken. */
const WORD_PARTS = /[^/,]*[/,]*/g;

/**
 * Breaks a text at spaces into lines of at most `width` columns; a Hangul syllable takes two. A longer word is broken
 * after slashes and commas, or failing that anywhere.
 */
export function wrapText(text: string, width: number): string[] {
  if (stringWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  const add = (piece: string, gap: string): void => {
    if (line === '') line = piece;
    else if (stringWidth(line + gap + piece) <= width) line += gap + piece;
    else {
      lines.push(line);
      line = piece;
    }
  };
  let end = 0;
  for (const { 0: piece, index } of text.matchAll(PIECES)) {
    const gap = text.slice(end, index);
    end = index + piece.length;
    const [first = '', ...others] = partsOf(piece, width);
    add(first, gap);
    for (const part of others) add(part, '');
  }
  return [...lines, line];
}

/** The narrowest width at which words are broken only after slashes and commas. */
export function narrowestWidth(text: string): number {
  const parts = (text.match(PIECES) ?? []).flatMap((piece) => piece.match(WORD_PARTS) ?? []);
  return Math.max(0, ...parts.map((part) => stringWidth(part)));
}

/** A text that takes at least `width` columns. */
export function padText(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

/** A text in at most `width` columns, with `…` for what is left out. */
export function shortenText(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  const start = cutAnywhere(text, Math.max(width - 1, 0))[0] ?? '';
  return stringWidth(start) < width ? `${start.trimEnd()}…` : '…'.slice(0, width);
}

/** A name with a wrapped text in a column beside it: `name        text`. */
export function hangingText(name: string, text: string, indent: number, width: number): string {
  return padText(name, indent) + wrapText(text, width - indent).join(`\n${' '.repeat(indent)}`);
}

function partsOf(piece: string, width: number): string[] {
  if (stringWidth(piece) <= width) return [piece];
  return (piece.match(WORD_PARTS) ?? []).filter((part) => part !== '').flatMap((part) => cutAnywhere(part, width));
}

function cutAnywhere(part: string, width: number): string[] {
  const cut: string[] = [];
  let line = '';
  for (const { segment } of new Intl.Segmenter().segment(part)) {
    if (line !== '' && stringWidth(line + segment) > width) {
      cut.push(line);
      line = '';
    }
    line += segment;
  }
  return [...cut, line];
}
