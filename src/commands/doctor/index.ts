import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command, Option } from 'commander';
import { DEVICES } from '../../tensorflow/device-choice.js';
import { openOutput, type OutputOptions } from '../../app/output.js';
import { DEFAULTS, SETTINGS } from '../../training/settings.js';
import { addClusterFlags } from '../cluster-flags.js';
import { parserOf } from '../flags.js';
import type { DoctorFlags } from './action.js';

const EXAMPLES: readonly Example[] = [
  [`${KD} doctor`, 'what is installed, and how to fix what is wrong'],
  [`${KD} doctor --device gpu:1 --json`],
  [`${KD} doctor --device gpu:all`, 'also how fast several GPUs sum their gradients'],
  [
    `${KD} doctor --hosts gpu1:2222,gpu2:2222 --rank 0 --cluster-key cluster.key`,
    'the same over several machines; on gpu2 with --rank 1',
  ],
];

/** `kd doctor` */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('show what is installed, which device will be used, and why not a better one')
    .addOption(new Option('--device <name>', SETTINGS.device.help).argParser(parserOf(DEVICES)).default('auto'))
    .option(
      '--student <id|folder>',
      'the student whose gradients several devices sum, to measure how fast',
      DEFAULTS.student,
    );
  return addClusterFlags(command)
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async (flags: DoctorFlags, command: Command) => {
      const { examineAll } = await import('./action.js');
      await examineAll(flags, command, openOutput(command.optsWithGlobals<OutputOptions>()));
    });
}
