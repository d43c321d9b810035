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

/** A grid as a PNG file's bytes. */
export async function drawGrid(grid: Grid): Promise<Buffer> {
  const { width, height } = grid.rows[0]!.cells[0]!.pixels;
  const scale = Math.min(Math.max(1, SIZE.least / width), SIZE.most / width);
  const cell = { width: Math.round(width * scale), height: Math.round(height * scale) };
  const labels = grid.rows.map((row) => labelLines(row.labels));
  // A prompt with more lines than fit beside the pictures makes its row taller.
  const heights = labels.map((lines) => Math.max(cell.height + SIZE.caption, (lines.length + 1) * LEADING));
  const tops = heights.map((_, row) => heights.slice(0, row).reduce((sum, rowHeight) => sum + rowHeight, SIZE.header));
  const totalWidth = SIZE.labels + grid.columns.length * (cell.width + SIZE.gap) + SIZE.gap;
  const footer = wrap(grid.footer, SIZE.text, totalWidth - 2 * SIZE.gap, 3);
  const bottom = tops[tops.length - 1]! + heights[heights.length - 1]!;
  const total = { width: totalWidth, height: bottom + SIZE.footer + (footer.length - 1) * LEADING };
  const columnX = (column: number): number => SIZE.labels + SIZE.gap + column * (cell.width + SIZE.gap);

  const overlays: OverlayOptions[] = [];
  const lettering: string[] = grid.columns.flatMap(({ title, subtitle }, column) =>
    header(title, subtitle, columnX(column) + cell.width / 2, cell.width),
  );
  for (const [row, { cells }] of grid.rows.entries()) {
    lettering.push(...rowLabels(labels[row]!, tops[row]!, heights[row]! - SIZE.caption));
    for (const [column, { pixels, caption }] of cells.entries()) {
      overlays.push({ input: await resized(pixels, cell), left: columnX(column), top: tops[row] });
      lettering.push(
        svgLine(caption, {
          x: columnX(column) + cell.width / 2,
          y: tops[row]! + cell.height + 18,
          size: SIZE.text,
          fill: PALE,
          centred: true,
        }),
      );
    }
  }
  for (const [i, line] of footer.entries()) {
    lettering.push(
      svgLine(line, { x: SIZE.gap, y: bottom + SIZE.footer - 12 + i * LEADING, size: SIZE.text, fill: PALE }),
    );
  }
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${total.width}" height="${total.height}">` +
    `${lettering.join('')}</svg>`;
  return sharp({ create: { ...total, channels: 3, background: '#ffffff' } })
    .composite([...overlays, { input: Buffer.from(svg), left: 0, top: 0 }])
    .png()
    .toBuffer();
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
