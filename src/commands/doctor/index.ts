import { Command } from 'commander';
import type { DeviceChoice } from '../../tensorflow/gpu-choice.js';
import { openOutput, type OutputOptions } from '../../app/output.js';
import { deviceOption } from '../flags.js';
import { examine, type Finding } from './findings.js';
import { thisMachineFacts } from './machine-facts.js';

/** `kd doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what is installed, which device will be used, and why not a better one')
    .addOption(deviceOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ kd doctor                      what is installed, and how to fix what is wrong\n' +
        '  $ kd doctor --device gpu:1 --json',
    )
    .action(async ({ device }: { readonly device: DeviceChoice }, command: Command) => {
      const output = openOutput(command.optsWithGlobals<OutputOptions>());
      for await (const finding of examine(thisMachineFacts, device))
        output.result(asLine(finding), { event: 'finding', ...finding });
    });
}

function asLine({ name, ok, found, remedy }: Finding): string {
  return `${ok ? '✓' : '✗'} ${name.padEnd(12)}${found}${remedy === undefined ? '' : `; ${remedy}`}`;
}
