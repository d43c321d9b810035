/** @file A labelled grid of pictures in one image: a row for each prompt, a column for each encoder. */
import sharp, { type OverlayOptions } from 'sharp';
import { cutAtStart, svgLine, wrap } from './lettering.js';
import type { Pixels } from './tensors.js';

/** A picture of the grid and its caption. */
export interface GridCell {
  readonly pixels: Pixels;
  readonly caption: string;
}

/** The contents of a grid. */
export interface Grid {
  /** The footer: what the pictures have in common. */
  readonly footer: string;
  /** The headings of the columns: the encoder, and where it comes from. */
  readonly columns: readonly { readonly title: string; readonly subtitle: string }[];
  readonly rows: readonly { readonly labels: readonly string[]; readonly cells: readonly GridCell[] }[];
}

/** Lengths in pixels. */
const SIZE = {
  least: 192,
  most: 320,
  labels: 200,
  gap: 12,
  header: 64,
  caption: 26,
  footer: 34,
  title: 17,
  text: 14,
} as const;
const INK = '#1c1c1e';
const PALE = '#6b6b70';

/** The line height of prompts and footer. */
const LEADING = 24;

/** Where the parts of a grid are, in pixels. */
interface Layout {
  /** Of the whole image. */
  readonly width: number;
  readonly height: number;
  /** The size of a picture. */
  readonly cell: { readonly width: number; readonly height: number };
  /** The lines beside each row's pictures. */
  readonly labels: readonly (readonly LabelLine[])[];
  /** The left edge of each column. */
  readonly lefts: readonly number[];
  /** The upper edge of each row, and the lower edge of the last. */
  readonly tops: readonly number[];
  /** The lines of the footer. */
  readonly footer: readonly string[];
}

/** A grid as a PNG file's bytes. */
export async function drawGrid(grid: Grid): Promise<Buffer> {
  const layout = layoutOf(grid);
  const { width, height } = layout;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `${letteringOf(grid, layout).join('')}</svg>`;
  return sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite([...(await picturesOf(grid, layout)), { input: Buffer.from(svg), left: 0, top: 0 }])
    .png()
    .toBuffer();
}

function layoutOf({ columns, rows, footer: text }: Grid): Layout {
  const { width, height } = rows[0]!.cells[0]!.pixels;
  const scale = Math.min(Math.max(1, SIZE.least / width), SIZE.most / width);
  const cell = { width: Math.round(width * scale), height: Math.round(height * scale) };
  const labels = rows.map((row) => labelLines(row.labels));
  const tops: number[] = [SIZE.header];
  // A prompt with more lines than fit beside the pictures makes its row taller.
  for (const lines of labels)
    tops.push(tops.at(-1)! + Math.max(cell.height + SIZE.caption, (lines.length + 1) * LEADING));
  const lefts = columns.map((_, column) => SIZE.labels + SIZE.gap + column * (cell.width + SIZE.gap));
  const total = SIZE.labels + columns.length * (cell.width + SIZE.gap) + SIZE.gap;
  const footer = wrap(text, SIZE.text, total - 2 * SIZE.gap, 3);
  return {
    width: total,
    height: tops.at(-1)! + SIZE.footer + (footer.length - 1) * LEADING,
    cell,
    labels,
    lefts,
    tops,
    footer,
  };
}

function picturesOf({ rows }: Grid, { cell, lefts, tops }: Layout): Promise<OverlayOptions[]> {
  return Promise.all(
    rows.flatMap(({ cells }, row) =>
      cells.map(async ({ pixels }, column) => ({
        input: await resized(pixels, cell),
        left: lefts[column],
        top: tops[row],
      })),
    ),
  );
}

/** All text of a grid, as SVG paths: headings, prompts, captions and footer. */
function letteringOf({ columns, rows }: Grid, { cell, labels, lefts, tops, footer }: Layout): string[] {
  const middle = (column: number): number => lefts[column]! + cell.width / 2;
  return [
    ...columns.flatMap(({ title, subtitle }, column) => header(title, subtitle, middle(column), cell.width)),
    ...rows.flatMap(({ cells }, row) => [
      ...rowLabels(labels[row]!, tops[row]!, tops[row + 1]! - tops[row]! - SIZE.caption),
      ...cells.map(({ caption }, column) =>
        svgLine(caption, {
          x: middle(column),
          y: tops[row]! + cell.height + 18,
          size: SIZE.text,
          fill: PALE,
          centred: true,
        }),
      ),
    ]),
    ...footer.map((line, i) =>
      svgLine(line, { x: SIZE.gap, y: tops.at(-1)! + SIZE.footer - 12 + i * LEADING, size: SIZE.text, fill: PALE }),
    ),
  ];
}

function header(title: string, subtitle: string, middle: number, width: number): string[] {
  return [
    svgLine(cutAtStart(title, SIZE.title, width), { x: middle, y: 28, size: SIZE.title, fill: INK, centred: true }),
    svgLine(cutAtStart(subtitle, SIZE.text, width), { x: middle, y: 50, size: SIZE.text, fill: PALE, centred: true }),
  ];
}

interface LabelLine {
  readonly text: string;
  readonly size: number;
  readonly fill: string;
}

/** The prompts of a row, the first in dark ink and the others pale. */
function labelLines(labels: readonly string[]): LabelLine[] {
  return labels.flatMap((label, i) => {
    const [size, fill] = i === 0 ? [SIZE.title, INK] : [SIZE.text, PALE];
    return wrap(label, size, SIZE.labels - SIZE.gap, 4).map((text) => ({ text, size, fill }));
  });
}

/** Lines centred in the height of a row. */
function rowLabels(lines: readonly LabelLine[], top: number, height: number): string[] {
  const first = top + height / 2 - ((lines.length - 1) * LEADING) / 2 + SIZE.text / 3;
  return lines.map(({ text, size, fill }, i) => svgLine(text, { x: SIZE.gap, y: first + i * LEADING, size, fill }));
}

async function resized(
  { data, width, height }: Pixels,
  to: { readonly width: number; readonly height: number },
): Promise<Buffer> {
  const kernel = to.width > width ? 'nearest' : 'lanczos3'; // small pictures keep their pixels
  return sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ ...to, kernel })
    .png()
    .toBuffer();
}
