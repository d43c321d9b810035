import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command, Option } from 'commander';
import { SCHEDULERS } from '../../diffusion/scheduler-config.js';
import { GENERATE_DEFAULTS, isGrid, type GenerateOptions } from '../../app/pictures/options.js';
import type { IdleFlags } from '../../app/idle-flags.js';
import { openOutput, type OutputOptions } from '../../app/output.js';
import { backendOption, count, deviceOption, list, nonNegative, pixels, seed, warnOfIdle } from '../flags.js';

const EXAMPLES: readonly Example[] = [
  [`${KD} generate "노란색 차" "a yellow car" --seed 7`],
  [`${KD} generate "초록색 사과" --encoder first:best --pipeline stable-diffusion-onnx --steps 25 --count 4`],
  [`${KD} generate --compare prompts.csv --encoder roberta`],
  [`${KD} generate "노란색 차" --compare-checkpoints small-run,large-run`],
];

/** `kd generate` */
export function generateCommand(): Command {
  return new Command('generate')
    .description('draw pictures from Korean prompts: Stable Diffusion with the student as its text encoder')
    .argument('[prompts...]', 'what to draw, one picture per prompt')
    .option(
      '--encoder <name>',
      'the text encoder: clip, roberta, a run, run:step, a folder or a hub id',
      GENERATE_DEFAULTS.encoder,
    )
    .option('--teacher <name>', 'for --compare, the teacher, named as for --encoder', GENERATE_DEFAULTS.teacher)
    .option('--pipeline <id|folder>', 'a Stable Diffusion in ONNX', GENERATE_DEFAULTS.pipeline)
    .option('--negative <text>', 'what to avoid', GENERATE_DEFAULTS.negative)
    .option('--steps <count>', 'denoising steps', count, GENERATE_DEFAULTS.steps)
    .option(
      '--guidance <scale>',
      'how closely to follow the prompt; at 1 or below, without classifier-free guidance',
      nonNegative,
      GENERATE_DEFAULTS.guidance,
    )
    .addOption(
      new Option('--scheduler <name>', 'how noise is removed').choices(SCHEDULERS).default(GENERATE_DEFAULTS.scheduler),
    )
    .option('--width <pixels>', 'a multiple of 8 (default: 512)', pixels)
    .option('--height <pixels>', 'a multiple of 8 (default: 512)', pixels)
    .option(
      '--seed <number>',
      'random seed of the starting noise, which is the same on every machine',
      seed,
      GENERATE_DEFAULTS.seed,
    )
    .option('--count <pictures>', 'pictures of each prompt, with consecutive seeds', count, GENERATE_DEFAULTS.count)
    .option('--latents <file.safetensors>', 'starting noise from a file: the tensor noise, [1, 4, height/8, width/8]')
    .option('--out <folder>', "where pictures go (default: pictures/ in the encoder's run, else here)")
    .option('--preview [steps]', 'save an intermediate picture every so many steps (5 if not given)', count)
    .option('--low-memory', 'run the UNet twice per step with one sample, not once with two')
    .option(
      '--compare <prompts.csv>',
      'a grid: a row for each prompt (columns ko,en), by CLIP, the student, and the student untrained',
    )
    .option('--compare-checkpoints <names>', 'a grid: a column for each of these encoders, separated by commas', list)
    .addOption(backendOption())
    .addOption(deviceOption())
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async (prompts: string[], flags: GenerateOptions, command: Command) => {
      const { generate } = await import('./action.js');
      const output = openOutput(command.optsWithGlobals<OutputOptions>());
      warnOfIdle(command, idleFlags(flags), output);
      await generate(prompts, flags, output);
    });
}

function idleFlags(flags: GenerateOptions): IdleFlags[] {
  return [
    [['teacher'], flags.compare === undefined, 'without --compare'],
    [['encoder'], flags.compareCheckpoints !== undefined, 'with --compare-checkpoints'],
    [['preview'], isGrid(flags), 'to a grid'],
    [['seed'], flags.latents !== undefined, 'with --latents'],
    [['negative'], flags.guidance <= 1, 'with --guidance 1 or below'],
  ];
}
