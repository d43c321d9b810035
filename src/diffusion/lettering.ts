/**
 * @file Text as outlines in Nanum Gothic, which covers Hangul and Latin (SIL Open Font License 1.1; the licence is in
 * the font's package). Outlines look the same on every machine, even one without fonts.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parse, type Font, type PathCommand } from 'opentype.js/dist/opentype.mjs';

const FONT_FILE = '@expo-google-fonts/nanum-gothic/400Regular/NanumGothic_400Regular.ttf';

let loaded: Font | undefined;

function font(): Font {
  if (loaded === undefined) {
    const bytes = readFileSync(createRequire(import.meta.url).resolve(FONT_FILE));
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    loaded = parse(buffer, { lowMemory: true }); // parses glyphs on demand: a hundredth of them is used
  }
  return loaded;
}

/** The width of a line in pixels. */
export function lineWidth(text: string, size: number): number {
  return font().getAdvanceWidth(text.normalize('NFC'), size);
}

/** A line of text as an SVG path; `x` is its start, or its middle if centred, and `y` its baseline. */
export function svgLine(text: string, { x, y, size, fill, centred = false }: LineStyle): string {
  const start = centred ? x - lineWidth(text, size) / 2 : x;
  const { commands } = font().getPath(text.normalize('NFC'), start, y, size);
  return `<path d="${commands.map(pathData).join('')}" fill="${fill}"/>`;
}

/** A path command in SVG. The library's own `toPathData` drops too much: "car" loses its last letter. */
function pathData({ type, x1, y1, x2, y2, x, y }: PathCommand): string {
  const points = [x1, y1, x2, y2, x, y].filter((value) => value !== undefined);
  return type + points.map((value) => value.toFixed(2)).join(' ');
}

/** How a line of text is drawn. */
export interface LineStyle {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly fill: string;
  readonly centred?: boolean;
}

/**
 * Breaks a text into lines of at most `width` pixels, between words or inside words that are too long. If there would
 * be too many lines, the last one ends in `…`.
 */
export function wrap(text: string, size: number, width: number, maxLines: number): string[] {
  const fits = (line: string): boolean => lineWidth(line, size) <= width;
  const lines: string[] = [];
  let line = '';
  for (const word of text
    .normalize('NFC')
    .split(/\s+/)
    .filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (fits(longer)) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = '';
    for (const character of word) {
      if (!fits(line + character)) [lines[lines.length], line] = [line, ''];
      line += character;
    }
  }
  lines.push(line);
  if (lines.length <= maxLines) return lines;
  let last = lines[maxLines - 1]!;
  while (last !== '' && !fits(`${last}…`)) last = [...last].slice(0, -1).join('');
  return [...lines.slice(0, maxLines - 1), `${last}…`];
}

/** Shortens a line to at most `width` pixels: it keeps its end, after `…`, because that is where paths differ. */
export function cutAtStart(text: string, size: number, width: number): string {
  if (lineWidth(text, size) <= width) return text;
  let rest = [...text.normalize('NFC')];
  while (rest.length > 0 && lineWidth(`…${rest.join('')}`, size) > width) rest = rest.slice(1);
  return `…${rest.join('')}`;
}
