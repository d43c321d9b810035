import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command, Option } from 'commander';
import { FORMATS } from '../../export/format.js';
import { openOutput, type OutputOptions } from '../../app/output.js';
import { backendOption, deviceOption } from '../flags.js';
import { EXPORT_DEFAULTS } from '../../app/export-defaults.js';
import type { ExportFlags } from './action.js';

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
    .action(async (name: string, flags: ExportFlags, command: Command) => {
      const { exportTo } = await import('./action.js');
      await exportTo(name, flags, openOutput(command.optsWithGlobals<OutputOptions>()));
    });
}
