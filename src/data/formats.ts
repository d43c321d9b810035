/** @file The supported formats, in the order in which they are tried. */
import type { Format } from './format.js';
import { ALIGNED } from './formats/aligned.js';
import { ARROW } from './formats/arrow.js';
import { DELIMITED } from './formats/delimited.js';
import { JSON_LINES, JSON_VALUES } from './formats/json.js';
import { PARQUET } from './formats/parquet.js';
import { TMX } from './formats/tmx.js';
import { WORKBOOK } from './formats/workbook.js';
import type { Shape } from './source.js';

/** Binary formats come first; delimited text, which any text may be, comes last. */
export const FORMATS: readonly Format[] = [WORKBOOK, PARQUET, ARROW, TMX, JSON_LINES, JSON_VALUES, ALIGNED, DELIMITED];

const BY_SHAPE = new Map(FORMATS.flatMap((format) => format.shapes.map((shape) => [shape, format] as const)));

/** The format of a source. */
export function formatOf(shape: Shape): Format {
  const format = BY_SHAPE.get(shape);
  if (format === undefined) throw new Error(`no format reads ${shape}`);
  return format;
}
