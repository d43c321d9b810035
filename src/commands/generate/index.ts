import { Command, Option } from 'commander';
import { SCHEDULERS } from '../../diffusion/scheduler-config.js';
import { InputError } from '../../base/errors.js';
import type { RowDistances } from '../../app/pictures/compare.js';
import { openOutput, type OutputOptions } from '../../app/output.js';
import { backendOption, count, deviceOption, LARGEST_SEED, list, nonNegative, pixels, seed } from '../flags.js';
import type { GenerateOptions } from '../../app/pictures/options.js';

const EXAMPLES = `
Examples:
  $ kd generate "노란색 차" "a yellow car" --seed 7
  $ kd generate "초록색 사과" --encoder first:best --pipeline stable-diffusion-onnx --steps 25 --count 4
  $ kd generate --compare prompts.csv --encoder roberta
  $ kd generate "노란색 차" --compare-checkpoints small-run,large-run`;

/** `kd generate` */
export function generateCommand(): Command {
  return new Command('generate')
    .description('pictures from Korean: Stable Diffusion with the student as its text encoder')
    .argument('[prompts...]', 'what to draw, a picture each')
    .option('--encoder <name>', 'the text encoder: clip, roberta, a run, run:step, a folder or a hub id', 'roberta')
    .option('--teacher <name>', 'for --compare, the teacher: as --encoder', 'clip')
    .option('--pipeline <id|folder>', 'a Stable Diffusion in ONNX', 'CompVis/stable-diffusion-v1-4@onnx')
    .option('--negative <text>', 'what to keep away from', '')
    .option('--steps <count>', 'denoising steps', count, 25)
    .option(
      '--guidance <scale>',
      'how far to follow the prompt; up to 1 without classifier-free guidance',
      nonNegative,
      7.5,
    )
    .addOption(new Option('--scheduler <name>', 'how noise is taken out').choices(SCHEDULERS).default('unipc'))
    .option('--width <pixels>', 'a multiple of 8 (default: 512)', pixels)
    .option('--height <pixels>', 'a multiple of 8 (default: 512)', pixels)
    .option('--seed <number>', 'of the starting noise; the same noise on every machine', seed, 0)
    .option('--count <pictures>', 'pictures of each prompt, with seeds one after the other', count, 1)
    .option('--latents <file.safetensors>', 'starting noise from a file: the tensor noise, [1, 4, height/8, width/8]')
    .option('--out <folder>', "where pictures go (default: pictures/ in the encoder's run, else here)")
    .option('--preview [steps]', 'a picture of how far it is, after every so many steps (5)', count)
    .option('--low-memory', 'ask the UNet twice a step with one sample, not once with two')
    .option(
      '--compare <prompts.csv>',
      'a grid: a row for each prompt (columns ko,en), by CLIP, the student, and the student untrained',
    )
    .option('--compare-checkpoints <names>', 'a grid: a column for each of these encoders, separated by commas', list)
    .addOption(backendOption())
    .addOption(deviceOption())
    .addHelpText('after', EXAMPLES)
    .action(async (prompts: string[], flags: GenerateOptions, command: Command) =>
      generate(prompts, flags, command.optsWithGlobals<OutputOptions>()),
    );
}

async function generate(prompts: readonly string[], flags: GenerateOptions, options: OutputOptions): Promise<void> {
  const output = openOutput(options);
  const isGrid = flags.compare !== undefined || flags.compareCheckpoints !== undefined;
  if (prompts.length === 0 && flags.compare === undefined) {
    throw new InputError('expected a prompt, got none; give one in quotes, as in: kd generate "노란색 차"');
  }
  if (isGrid && flags.count !== 1)
    throw new InputError('--count: expected 1 for a grid, in which all pictures start from one noise');
  if (flags.seed + flags.count > LARGEST_SEED + 1) {
    throw new InputError(
      `--count ${flags.count}: expected seeds up to ${LARGEST_SEED}, got ${flags.seed} to ${flags.seed + flags.count - 1}; take a lower --seed`,
    );
  }
  if (flags.compare !== undefined && prompts.length > 0)
    throw new InputError('--compare: expected prompts in the file alone, got others too; give one or the other');
  // Loaded when wanted: other commands need neither ONNX Runtime nor a library for pictures.
  if (isGrid) {
    const { compare } = await import('../../app/pictures/compare.js');
    const { path, rows, columns } = await compare(prompts, flags, output, (distances) => {
      if (!output.json) output.result(distanceLine(distances), {});
    });
    output.result(path, { event: 'grid', output: path, rows, columns });
  } else {
    const { draw } = await import('../../app/pictures/draw.js');
    await draw(prompts, flags, output, ({ path, ...picture }) => {
      output.result(path, { event: 'picture', output: path, ...picture });
    });
  }
}

/** `노란색 차 / a yellow car: MSE to CLIP on English: student on English 0.1234, …` */
function distanceLine({ texts, columns: [reference, ...others], errors }: RowDistances): string {
  const distances = others.map((name, i) => `${name} ${errors[i + 1].toFixed(4)}`);
  return `${texts.join(' / ')}: MSE to ${reference}: ${distances.join(', ')}`;
}
