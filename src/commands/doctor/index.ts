import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command, Option } from 'commander';
import {
  isMultiDevice,
  checkCpuDevices,
  DEVICES,
  firstDevice,
  type DevicesChoice,
} from '../../tensorflow/gpu-choice.js';
import { examine } from '../../app/doctor/findings.js';
import { thisMachineFacts } from '../../app/doctor/machine-facts.js';
import { openOutput, type OutputOptions } from '../../app/output.js';
import { DEFAULTS, SETTINGS } from '../../training/settings.js';
import { findCluster } from '../cluster.js';
import { addClusterFlags, type ClusterFlags } from '../cluster-flags.js';
import { parserOf } from '../flags.js';
import { examineDevices } from './devices.js';
import { findingText } from './finding-text.js';

type DoctorFlags = ClusterFlags & { readonly device: DevicesChoice; readonly student: string };

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
    .action(async ({ device, student, ...flags }: DoctorFlags, command: Command) => {
      const output = openOutput(command.optsWithGlobals<OutputOptions>());
      checkCpuDevices(device);
      const cluster = await findCluster(flags, output);
      for await (const finding of examine(thisMachineFacts, firstDevice(device)))
        output.result(findingText(finding, output.columns), { event: 'finding', ...finding });
      if (cluster !== undefined || isMultiDevice(device)) await examineDevices({ student, device }, cluster, output);
    });
}
