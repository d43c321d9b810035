import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command } from 'commander';
import { PORT } from '../../base/kinds.js';
import type { IdleFlags } from '../../app/idle-flags.js';
import { openOutput, type OutputOptions } from '../../app/output.js';
import { backendOption, deviceOption, parserOf, warnOfIdle } from '../flags.js';
import type { ReportFlags } from './action.js';

const EXAMPLES: readonly Example[] = [
  [`${KD} report`, 'the newest run'],
  [`${KD} report first --no-encode`],
  [`${KD} report first second`, 'both on one page: curves, settings that differ, evaluations'],
  [`${KD} report --serve`, 'all runs, live while they train'],
];

const DEFAULT_PORT = 8477;

/** `kd report` */
export function reportCommand(): Command {
  return new Command('report')
    .description('write a page about a run: losses, translations, data, settings; or about several, compared')
    .argument('[runs...]', 'runs under checkpoints/, or their folders (default: the newest)')
    .option('--serve', 'show the page on this machine, kept up to date; without a run: all runs')
    .option('--port <number>', 'the port to serve it on; 0 for any free port', parserOf(PORT), DEFAULT_PORT)
    .option('--no-encode', 'do not encode held-out sentences: no nearest neighbours, no heat map')
    .addOption(backendOption())
    .addOption(deviceOption())
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async (runs: readonly string[], flags: ReportFlags, command: Command) => {
      const { report } = await import('./action.js');
      const output = openOutput(command.optsWithGlobals<OutputOptions>());
      warnOfIdle(command, idleFlags(runs, flags), output);
      await report(runs, flags, output);
    });
}

function idleFlags(runs: readonly string[], { serve = false, encode }: ReportFlags): IdleFlags[] {
  const machine = ['backend', 'device'];
  return [
    [['port'], !serve, 'without --serve'],
    [machine, !encode, 'with --no-encode'],
    [machine, encode && runs.length > 1, 'to several runs, whose sentences are not encoded'],
  ];
}
