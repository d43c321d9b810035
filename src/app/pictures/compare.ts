import { drawGrid, type GridCell } from '../../diffusion/grid.js';
import { findTrouble } from '../../diffusion/picture-check.js';
import type { Pipeline } from '../../diffusion/pipeline.js';
import type { Picture } from '../../diffusion/pictures.js';
import type { Reporter } from '../reporter.js';
import { columnsOf, embedCells, type Column, type EmbeddedCell } from './columns.js';
import type { GenerateOptions } from './options.js';
import { readPrompts, type PromptPair } from './prompts.js';
import { drawPicture } from './draw-picture.js';
import { textSource } from './encoder-fit.js';
import { checkBeforeFetching, findPipeline, loadPipeline } from './image-model.js';
import { makePicturesFolder, picturesFolder } from './pictures-folder.js';
import { pictureSettings } from './picture-settings.js';
import { savePicture } from './save-picture.js';
import { startingNoise } from './starting-noise.js';

/** A grid that was drawn. */
export interface DrawnGrid {
  readonly path: string;
  /** How many rows it has, one per prompt. */
  readonly rows: number;
  /** The name of each column, such as `CLIP on English`. The others are measured against the first. */
  readonly columns: readonly string[];
}

/** How far a row's hidden states are from those of the first column. */
export interface RowDistances {
  /** The prompt, in one language or both. */
  readonly texts: readonly string[];
  /** The name of each column, the reference first. */
  readonly columns: readonly string[];
  /** Each column's mean squared error to the first column's hidden states; NaN if widths differ. */
  readonly errors: readonly number[];
}

/**
 * Draws a grid with a row for each prompt and a column for each encoder, all from the same noise.
 *
 * @param onRow called after each row is drawn
 * @throws InputError for an encoder or a pipeline that cannot be used, or a folder that cannot be written to; the
 *   reporter's abort reason
 */
export async function compare(
  prompts: readonly string[],
  options: GenerateOptions,
  reporter: Reporter,
  onRow: (distances: RowDistances) => void,
): Promise<DrawnGrid> {
  const rows =
    options.compare === undefined
      ? prompts.map((prompt) => ({ ko: prompt, en: prompt }))
      : await readPrompts(options.compare);
  await checkBeforeFetching(options);
  const columns = await columnsOf(options, reporter);
  const encoders = columns.map(({ encoder }) => textSource(encoder));
  const folder = await picturesFolder(
    options,
    (columns.find(({ encoder }) => encoder.run !== undefined) ?? columns[0]!).encoder,
  );
  const files = await findPipeline(options, encoders, reporter);
  const embedded = await embedCells(columns, rows, options, reporter);
  const pipeline = await loadPipeline(files, options, reporter);
  let removeEmpty: (() => Promise<void>) | undefined;
  try {
    removeEmpty = await makePicturesFolder(folder);
    const cells: GridCell[][] = [];
    const names = columns.map(nameOf);
    for (const [i, row] of rows.entries()) {
      cells.push(await drawRow(pipeline, row, columns, embedded[i]!, options, reporter));
      onRow({ texts: textsOf(row), columns: names, errors: embedded[i]!.map(({ error }) => error) });
    }
    const picture: Omit<Picture, 'file'> = {
      kind: 'grid',
      prompts: rows.flatMap(textsOf),
      ...pictureSettings(options, cells[0]![0]!.pixels),
      encoders: columns.map(({ title, subtitle, encoder }) => [title, subtitle, `(${encoder.source})`].join(' ')),
    };
    const image = await drawGrid({
      columns: [...columns],
      rows: rows.map((row, i) => ({ labels: textsOf(row), cells: cells[i]! })),
      footer: footerOf(picture),
    });
    const stem = `${options.compareCheckpoints === undefined ? 'compare' : 'checkpoints'}-${picture.seed ?? 'latents'}`;
    reporter.signal?.throwIfAborted();
    const path = await savePicture(folder, stem, picture, image);
    return { path, rows: rows.length, columns: names };
  } finally {
    await removeEmpty?.();
    await pipeline.release();
  }
}

/** Draws a row of the grid. */
async function drawRow(
  pipeline: Pipeline,
  row: PromptPair,
  columns: readonly Column[],
  embedded: readonly EmbeddedCell[],
  options: GenerateOptions,
  reporter: Reporter,
): Promise<GridCell[]> {
  const cells: GridCell[] = [];
  for (const [i, column] of columns.entries()) {
    const { language } = column;
    const name = nameOf(column);
    const { prompt, negative, error } = embedded[i]!;
    const request = { noise: await startingNoise(options), prompt, negative, title: `${row[language]} (${name})` };
    const pixels = await drawPicture(pipeline, request, options, reporter);
    const trouble = findTrouble(pixels);
    if (trouble !== undefined) reporter.warn(`${row[language]}, ${name}: ${trouble}`);
    cells.push({ pixels, caption: i === 0 ? 'reference' : `MSE ${error.toFixed(4)}` });
    reporter.event({
      event: 'cell',
      ko: row.ko,
      en: row.en,
      column: name,
      mse: error,
      ...(trouble === undefined ? {} : { trouble }),
    });
  }
  return cells;
}

/** `CLIP on English` */
function nameOf({ title, subtitle }: Column): string {
  return `${title} ${subtitle}`.trim();
}

/** A prompt's texts, or just one if both are the same. */
function textsOf({ ko, en }: PromptPair): string[] {
  return ko === en ? [ko] : [ko, en];
}

function footerOf({ seed, steps, guidance, scheduler, pipeline }: Omit<Picture, 'file'>): string {
  const noise = seed === undefined ? 'noise from a file' : `seed ${seed}`;
  return (
    `${pipeline} · ${scheduler}, ${steps} steps · guidance ${guidance} · ${noise}, the same for all · MSE of ` +
    `hidden states to the first column's`
  );
}
