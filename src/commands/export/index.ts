import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command, Option } from 'commander';
import type { DeviceChoice } from '../../tensorflow/gpu-choice.js';
import type { BackendChoice } from '../../tensorflow/backend-choice.js';
import { FORMATS, type Format } from '../../export/format.js';
import { openOutput, type Output, type OutputOptions } from '../../app/output.js';
import { backendOption, deviceOption } from '../flags.js';
import { exportStudent } from '../../app/export-student.js';
import { EXPORT_DEFAULTS } from '../../app/export-defaults.js';
import { checkPush, push } from './push.js';

interface ExportFlags {
  readonly to: string;
  readonly format: Format;
  readonly tokenizer?: string;
  readonly push?: string;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

const EXAMPLES: readonly Example[] = [
  [`${KD} export first --to exported --format diffusers`, 'the best checkpoint of the run "first"'],
  [`${KD} export first:300 --to exported --format onnx`],
  [`HF_TOKEN=hf_… ${KD} export roberta --to exported --push me/my-student`],
];

/** `kd export` */
export function exportCommand(): Command {
  return new Command('export')
    .description('write a student for other tools: transformers, diffusers, ONNX Runtime')
    .argument(
      '<run|folder>',
      'a run, a checkpoint of one (run:step, run:best, run:last), a folder or hub id; roberta: the newest run',
    )
    .requiredOption('--to <folder>', 'the output folder: new, empty, or an earlier export')
    .addOption(new Option('--format <name>', 'the tool to export for').choices(FORMATS).default(EXPORT_DEFAULTS.format))
    .option('--tokenizer <id|folder>', 'its tokenizer, if it is elsewhere')
    .option(
      '--push <hub id>',
      'upload it to the hub as well, as owner/name, with the token in HF_TOKEN or of `hf auth login`; a new ' +
        'repository is private',
    )
    .addOption(backendOption())
    .addOption(deviceOption())
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async (name: string, flags: ExportFlags, command: Command) =>
      run(name, flags, openOutput(command.optsWithGlobals<OutputOptions>())),
    );
}

async function run(name: string, flags: ExportFlags, output: Output): Promise<void> {
  const { to, format } = flags;
  const target = flags.push === undefined ? undefined : await checkPush(flags.push);
  const { model, largestDifference } = await exportStudent({ ...flags, model: name }, output);
  output.result(
    `${to}: ${name} for ${format}, opened again and compared: outputs differ by at most ` +
      largestDifference.toExponential(1),
    { event: 'exported', model, to, format, largest_difference: largestDifference },
  );
  if (target !== undefined) await push(to, target, output);
}
