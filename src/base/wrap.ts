/** @file Texts in lines that are no longer than there is room. */
import stringWidth from 'string-width';

/** What stays together: a command in backticks, or a word. */
const PIECES = /`[^`]*`\S*|\S+/g;

/** Where a word that is too long may end on a line: after what separates the parts of a path or a list. */
const WORD_PARTS = /[^/,]*[/,]*/g;

/**
 * Breaks a text at blanks into lines of at most `width` columns, a Hangul syllable being two; a word that is longer, at
 * its slashes and commas, else anywhere.
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

/** The width of the narrowest column that a text fits into with no word broken anywhere but at slashes and commas. */
export function narrowestWidth(text: string): number {
  const parts = (text.match(PIECES) ?? []).flatMap((piece) => piece.match(WORD_PARTS) ?? []);
  return Math.max(0, ...parts.map((part) => stringWidth(part)));
}

/** A name, and beside it a text whose lines stay in their column: `name        text`. */
export function hangingText(name: string, text: string, indent: number, width: number): string {
  return name.padEnd(indent) + wrapText(text, width - indent).join(`\n${' '.repeat(indent)}`);
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
