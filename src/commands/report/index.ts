import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { Command } from 'commander';
import { InputError } from '../../errors.js';
import { writeReport } from '../../report/write-report.js';
import { runFolderOf } from '../../runs/model-names.js';
import { newestRun, RUNS_FOLDER } from '../../runs/run-folder.js';
import { openOutput, type Output, type OutputOptions } from '../console.js';
import { formatBytes } from '../format.js';

const EXAMPLES = `
Examples:
  $ kd report                   the newest run
  $ kd report first
  $ kd report --serve           follows it while it trains`;

/** `kd report` */
export function reportCommand(): Command {
  return new Command('report')
    .description('one page with all there is to see of a run: losses, data, translations, settings')
    .argument('[run]', 'a run under checkpoints/, or its folder (default: the newest)')
    .addHelpText('after', EXAMPLES)
    .action(async (run: string | undefined, _flags: object, command: Command) => report(run, openOutput(command.optsWithGlobals<OutputOptions>())));
}

async function report(name: string | undefined, output: Output): Promise<void> {
  const run = await runOf(name);
  const page = await writeReport(run);
  const { size } = await stat(page);
  output.result(`${relative('.', page)}: ${formatBytes(size)}, needs nothing else; open it in a browser`, { event: 'report', report: resolve(page), bytes: size });
}

/** The folder of the run that is meant. */
async function runOf(name: string | undefined): Promise<string> {
  const folder = name === undefined ? await newestRun() : await runFolderOf(name);
  if (folder !== undefined) return folder;
  if (name === undefined) throw new InputError(`report: expected a run under ${resolve(RUNS_FOLDER)}, found none; train one with kd train, or name its folder`);
  throw new InputError(`report ${name}: expected the name of a run under ${resolve(RUNS_FOLDER)}, or its folder, found neither; \`ls ${RUNS_FOLDER}\` shows the runs`);
}
