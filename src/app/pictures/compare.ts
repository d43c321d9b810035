import { drawGrid, type GridCell } from '../../diffusion/grid.js';
import { findTrouble } from '../../diffusion/picture-check.js';
import type { Pipeline } from '../../diffusion/pipeline.js';
import type { Picture } from '../../diffusion/pictures.js';
import { SCHEDULER_CLASSES } from '../../diffusion/scheduler-config.js';
import type { Output } from '../output.js';
import { columnsOf, embedCells, type Column, type EmbeddedCell } from './columns.js';
import type { GenerateOptions } from './options.js';
import { readPrompts, type PromptPair } from './prompts.js';
import { drawOne, findPipeline, loadPipeline, picturesFolder, savePicture, startingNoise } from './studio.js';

/** Draws a grid: a row for each prompt, a column for each encoder, all from the same noise. */
export async function compare(prompts: readonly string[], options: GenerateOptions, output: Output): Promise<void> {
  const rows =
    options.compare === undefined
      ? prompts.map((prompt) => ({ ko: prompt, en: prompt }))
      : await readPrompts(options.compare);
  const columns = await columnsOf(options, output);
  await startingNoise(options);
  const files = await findPipeline(options, output);
  const embedded = await embedCells(columns, rows, options, output);
  const pipeline = await loadPipeline(
    files,
    columns.map(({ encoder }) => encoder),
    options,
    output,
  );
  try {
    const folder = await picturesFolder(
      options,
      (columns.find(({ encoder }) => encoder.run !== undefined) ?? columns[0]).encoder,
    );
    const cells: GridCell[][] = [];
    for (const [i, row] of rows.entries())
      cells.push(await drawRow(pipeline, row, columns, embedded[i], options, output));
    const { width, height } = cells[0][0].pixels;
    const picture: Omit<Picture, 'file'> = {
      kind: 'grid',
      prompts: rows.flatMap(textsOf),
      negative: options.negative,
      seed: options.latents === undefined ? options.seed : undefined,
      steps: options.steps,
      guidance: options.guidance,
      scheduler: SCHEDULER_CLASSES[options.scheduler],
      width,
      height,
      encoders: columns.map(({ title, subtitle, encoder }) => [title, subtitle, `(${encoder.source})`].join(' ')),
      pipeline: options.pipeline,
    };
    const image = await drawGrid({
      columns: [...columns],
      rows: rows.map((row, i) => ({ labels: textsOf(row), cells: cells[i] })),
      footer: footerOf(picture),
    });
    const stem = `${options.compareCheckpoints === undefined ? 'compare' : 'checkpoints'}-${picture.seed ?? 'latents'}`;
    const path = await savePicture(folder, stem, picture, image);
    output.result(path, {
      event: 'grid',
      output: path,
      rows: rows.length,
      columns: columns.map(({ title, subtitle }) => `${title} ${subtitle}`.trim()),
    });
  } finally {
    await pipeline.release();
  }
}

/** Draws a row and says how far each column's embedding is from the first one's. */
async function drawRow(
  pipeline: Pipeline,
  row: PromptPair,
  columns: readonly Column[],
  embedded: readonly EmbeddedCell[],
  options: GenerateOptions,
  output: Output,
): Promise<GridCell[]> {
  const cells: GridCell[] = [];
  for (const [i, { title, subtitle, language }] of columns.entries()) {
    const name = `${title} ${subtitle}`.trim();
    const pixels = await drawOne(
      pipeline,
      await startingNoise(options),
      embedded[i],
      `${row[language]} (${name})`,
      options,
      output,
    );
    const trouble = findTrouble(pixels);
    if (trouble !== undefined) output.warn(`${row[language]}, ${name}: ${trouble}`);
    const { error } = embedded[i];
    cells.push({ pixels, caption: i === 0 ? 'reference' : `MSE ${error.toFixed(4)}` });
    output.event({
      event: 'cell',
      ko: row.ko,
      en: row.en,
      column: name,
      mse: error,
      ...(trouble === undefined ? {} : { trouble }),
    });
  }
  if (!output.json) {
    const errors = columns
      .slice(1)
      .map(({ title, subtitle }, i) => `${title} ${subtitle}`.trim() + ` ${embedded[i + 1].error.toFixed(4)}`);
    output.result(
      `${textsOf(row).join(' / ')}: MSE to ${`${columns[0].title} ${columns[0].subtitle}`.trim()}: ${errors.join(', ')}`,
      {},
    );
  }
  return cells;
}

/** A prompt's texts, once where both are the same. */
function textsOf({ ko, en }: PromptPair): string[] {
  return ko === en ? [ko] : [ko, en];
}

function footerOf({ seed, steps, guidance, scheduler, pipeline }: Omit<Picture, 'file'>): string {
  const noise = seed === undefined ? 'noise from a file' : `seed ${seed}`;
  return `${pipeline} · ${scheduler}, ${steps} steps · guidance ${guidance} · ${noise}, the same for all · MSE of hidden states to the first column's`;
}
