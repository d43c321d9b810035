/** @file What `kd generate` does. */
import { compare, type RowDistances } from '../../app/pictures/compare.js';
import { draw } from '../../app/pictures/draw-prompts.js';
import { checkGenerateOptions, isGrid, type GenerateOptions } from '../../app/pictures/options.js';
import type { Output } from '../../app/output.js';

/** Draws pictures, or grids of them. */
export async function generate(prompts: readonly string[], flags: GenerateOptions, output: Output): Promise<void> {
  checkGenerateOptions(prompts, flags);
  if (isGrid(flags)) {
    const { path, rows, columns } = await compare(prompts, flags, output, (distances) => {
      if (!output.json) output.result(distanceLine(distances), {});
    });
    output.result(path, { event: 'grid', output: path, rows, columns });
  } else {
    await draw(prompts, flags, output, ({ path, ...picture }) => {
      output.result(path, { event: 'picture', output: path, ...picture });
    });
  }
}

/** `노란색 차 / a yellow car: MSE to CLIP on English: student on English 0.1234, …` */
function distanceLine({ texts, columns: [reference, ...others], errors }: RowDistances): string {
  const distances = others.map((name, i) => `${name} ${errors[i + 1]!.toFixed(4)}`);
  return `${texts.join(' / ')}: MSE to ${reference}: ${distances.join(', ')}`;
}
