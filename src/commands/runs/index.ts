import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { relative, resolve } from 'node:path';
import { Command } from 'commander';
import { InputError } from '../../base/errors.js';
import { formatBytes } from '../../base/format.js';
import { findRun, noSuchRun } from '../../runs/find-run.js';
import { removeRun } from '../../runs/remove-run.js';
import { RUNS_FOLDER } from '../../runs/run-names.js';
import { summariseRun, summariseRuns } from '../../runs/run-summary.js';
import { openOutput, type Output, type OutputOptions } from '../../app/output.js';
import { isAgreed } from './question.js';
import { runObject, runsTable } from './table.js';

interface RunsFlags {
  readonly remove?: readonly string[];
  readonly yes?: boolean;
}

const EXAMPLES: readonly Example[] = [
  [`${KD} runs`, 'the runs under checkpoints/, the newest first'],
  [`${KD} runs --json`, 'one JSON object per run'],
  [`${KD} runs --remove first`, 'removes it, after asking'],
];

/** `kd runs` */
export function runsCommand(): Command {
  return new Command('runs')
    .description('list the runs: state, step, best loss, data, date, size; or remove some')
    .option('--remove <name...>', 'remove these runs with their checkpoints, after asking')
    .option('--yes', 'remove without asking')
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async ({ remove, yes = false }: RunsFlags, command: Command) => {
      const output = openOutput(command.optsWithGlobals<OutputOptions>());
      if (remove !== undefined) await removeRuns(remove, yes, output);
      else if (yes) throw new InputError('--yes: expected --remove with it; name the runs to remove');
      else await list(output);
    });
}

async function list(output: Output): Promise<void> {
  const runs = await summariseRuns();
  if (output.json) for (const run of runs) output.event(runObject(run));
  else if (runs.length === 0) output.message(`no runs under ${resolve(RUNS_FOLDER)}; ${KD} train starts one`);
  else output.result(runsTable(runs, output.columns), {});
}

async function removeRuns(names: readonly string[], isSure: boolean, output: Output): Promise<void> {
  const folders: string[] = [];
  for (const name of names) {
    const found = await findRun(name);
    if (found === undefined) throw await noSuchRun(`--remove ${name}`, "the name of a run, or a run's folder");
    if (found.place !== undefined)
      throw new InputError(`--remove ${name}: expected a whole run, got one of its checkpoints; name the run alone`);
    if (!folders.includes(found.folder)) folders.push(found.folder);
  }
  for (const folder of folders) {
    const run = await summariseRun(folder);
    const shown = relative('.', folder) || '.';
    const size = formatBytes(run.bytes);
    const steps = run.state === 'damaged' ? '' : `, step ${run.step}`;
    if (!isSure && !(await isAgreed(`remove ${shown} (${run.state}${steps}, ${size})?`))) {
      output.message(`${shown} is kept`);
      continue;
    }
    await removeRun(folder);
    output.result(`removed ${shown}: ${size}`, { event: 'removed', run: folder, bytes: run.bytes });
  }
}
