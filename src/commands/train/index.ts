import { Command } from 'commander';
import { addSettings } from './options.js';
import { InputError } from '../../base/errors.js';
import { checkIsWritable, checkRunIsNew, defaultRunName } from '../../runs/run-folder.js';
import { checkLockable } from '../../runs/run-lock.js';
import { checkRunFiles } from '../../runs/run-files.js';
import { checkRunName } from '../../runs/run-names.js';
import { openOutput, type Output, type OutputOptions } from '../../app/output.js';
import { EXIT } from '../failure.js';
import type { TrainContext } from '../../training/context.js';
import { dryRun } from './dry-run.js';
import { prepareRun } from '../../training/prepared-run.js';
import { printSettings, withRecipe } from './recipe.js';
import { chooseCheckpoint, finishedLine, sayFinished, wayOnFromEnd } from '../../training/resume.js';
import { openResumedRun } from '../../training/resumed-run.js';
import { checkSame } from '../../training/sameness.js';
import { beginTraining, resumeTraining } from '../../training/run.js';
import { type AskedSettings } from '../../training/settings.js';
import { openTrainingStop, Stopped } from '../../training/stopping.js';

const EXAMPLES = `
Examples:
  $ kd train --epochs 10 --samples 1000000          the original project's final run
  $ kd train --data pairs.csv --teacher ./teacher --student ./student --run first
  $ kd train --recipe roberta-1m --print            the original's exact settings
  $ kd train --resume                               go on with the last run, exactly where it was
  $ kd train --resume first --epochs 20             go on with another number of epochs
  $ kd train --resume first:300                     go on from an earlier checkpoint
  $ kd train --dry-run                              load, count, one step, stop`;

/** Flags as commander gives them: a switch that was not given is absent. */
type TrainFlags = Omit<AskedSettings, 'randomWeights'> & {
  readonly randomWeights?: boolean;
  readonly dryRun?: boolean;
  readonly print?: boolean;
  readonly resume?: string | true;
};

/** `kd train` */
export function trainCommand(): Command {
  const command = new Command('train').description(
    "teach a student to give the teacher's embedding for English and Korean",
  );
  addSettings(command, (name) => name === 'recipe').option('--print', 'show all settings, and stop');
  addSettings(command, (name) => name !== 'recipe');
  return command
    .option('--resume [run|folder]', 'go on with a run (default: the last one) or from a checkpoint of one')
    .option('--dry-run', 'load, count parameters, one step, shapes and memory; write nothing')
    .addHelpText('after', EXAMPLES)
    .action(async (given: TrainFlags, command: Command) => {
      const output = openOutput(command.optsWithGlobals<OutputOptions>());
      const { print = false, ...flags } = withRecipe(given, command, output);
      checkTogether(flags);
      if (!print) await train(flags, givenBy(command), output);
      else if (flags.resume === undefined) printSettings(flags, command, output);
      else await printResumed(flags.resume, givenBy(command), command, output);
    });
}

async function train(
  { dryRun: isDryRun = false, randomWeights = false, resume, ...rest }: TrainFlags,
  given: Partial<AskedSettings>,
  output: Output,
): Promise<void> {
  const stop = openTrainingStop(output);
  const context = { output, stop };
  const settings: AskedSettings = { ...rest, randomWeights };
  try {
    if (resume !== undefined) process.exitCode = await goOnWith(resume, given, isDryRun, context);
    else if (isDryRun) {
      const prepared = await prepareRun(settings, context, { isTrial: true, mayLackModels: true });
      await dryRun(prepared, output).finally(prepared.data.close);
    } else process.exitCode = await begin(settings, context);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    output.warn(error.message);
    process.exitCode = EXIT.stopped;
  } finally {
    stop.dispose();
  }
}

/** Begins a run. Gives the exit code. */
async function begin(settings: AskedSettings, context: TrainContext): Promise<number> {
  const run = settings.run ?? defaultRunName(new Date());
  const folder = await checkRunIsNew(run); // now, and not when all data is read
  await checkIsWritable(folder);
  const prepared = await prepareRun(settings, context);
  return beginTraining(run, prepared, context).finally(prepared.data.close);
}

/** Goes on with a run, or in a dry run looks at what that would be. Gives the exit code. */
async function goOnWith(
  target: string | true,
  given: Partial<AskedSettings>,
  isDryRun: boolean,
  context: TrainContext,
): Promise<number> {
  const { output } = context;
  const run = await openResumedRun(target, given, output);
  if (!isDryRun) await checkLockable(run.folder);
  const chosen = await chooseCheckpoint(run, output);
  const { found } = chosen;
  const wayOn = found && wayOnFromEnd(run, found.trainer.state);
  if (found !== undefined && wayOn !== undefined) {
    sayFinished(run, found.trainer.state, wayOn, output);
    return EXIT.done;
  }
  await checkRunFiles(run.folder); // now, and not when all data is read
  const prepared = await prepareRun(run.settings, context, { isTrial: isDryRun });
  try {
    const same = await checkSame(run, prepared, output);
    if (!isDryRun) return await resumeTraining(run, chosen, same, context);
    await dryRun(same, output, found);
    return EXIT.done;
  } finally {
    await prepared.data.close();
  }
}

/** Looks at a run as `goOnWith` does, and shows the settings that it would go on with. */
async function printResumed(
  target: string | true,
  given: Partial<AskedSettings>,
  command: Command,
  output: Output,
): Promise<void> {
  const run = await openResumedRun(target, given, output);
  const { found } = await chooseCheckpoint(run, output);
  const wayOn = found && wayOnFromEnd(run, found.trainer.state);
  if (found !== undefined && wayOn !== undefined) output.message(finishedLine(run, found.trainer.state, wayOn));
  else await checkRunFiles(run.folder);
  printSettings(run.settings, command, output, "the run's");
}

/** Throws an `InputError` for flags that exclude each other, or that no run could be called by. */
function checkTogether({ run, resume }: TrainFlags): void {
  if (run === undefined) return;
  if (resume !== undefined)
    throw new InputError(
      `--run ${run}: expected no name beside --resume, which goes on with a run under the name it has; ` +
        'leave out one of them',
    );
  checkRunName(run);
}

/** The settings that were given as flags, and not by default. */
function givenBy(command: Command): Partial<AskedSettings> {
  const flags = Object.entries(command.opts<TrainFlags>()).filter(
    ([name]) => command.getOptionValueSource(name) === 'cli',
  );
  return Object.fromEntries(flags.filter(([name]) => !['resume', 'dryRun', 'print', 'run'].includes(name)));
}
