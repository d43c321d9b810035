import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command } from 'commander';
import { findCluster, leave, meetCluster } from '../cluster.js';
import { addClusterFlags, clusterFlagsOf } from '../cluster-flags.js';
import { printJoinedRun } from './joined-run.js';
import type { Ranks } from '../../cluster/ranks.js';
import { takeConfig } from './config.js';
import { checkFlags, givenSettings, type TrainFlags } from './flags.js';
import { addSettings } from './options.js';
import { openOutput, type Output, type OutputOptions } from '../../app/output.js';
import { EXIT } from '../failure.js';
import type { TrainContext } from '../../training/context.js';
import { dryRun } from './dry-run.js';
import { checkWorkingFolder } from '../../training/working-folder.js';
import { prepareRun } from '../../training/prepared-run.js';
import { withRecipe } from './recipe.js';
import { checkUnchanged } from '../../training/resume-check.js';
import type { TrainedRun } from '../../training/run.js';
import { checkDevice } from '../../tensorflow/backend.js';
import { firstDevice } from '../../tensorflow/gpu-choice.js';
import type { AssumedRanks } from '../../training/sharing.js';
import { DEFAULTS, type RequestedSettings } from '../../training/settings.js';
import { StoppedError } from '../../training/stopping.js';
import { joinRun, joinResumedRun, type JoinedRun } from '../../training/joined-run.js';
import { resumeRun, inspectRun, startRun, type FinishedRun } from '../../training/training.js';
import { reportAfterTraining } from './after-training.js';
import { finishedLine, printTrainedRun, printFinishedRun } from './ending.js';
import { openTrainingStop } from './stop.js';

const EXAMPLES: readonly Example[] = [
  [`${KD} train --epochs 10 --samples 1000000`, "the original project's final run"],
  [`${KD} train --data pairs.csv --teacher ./teacher --student ./student --run first`],
  [`${KD} train --recipe roberta-1m --print`, "the original's exact settings"],
  [`${KD} train --recipe roberta-1m --print > run.yaml`, 'to be edited, for --config run.yaml'],
  [`${KD} train --config checkpoints/first/config.json --run again`, 'train a run once more'],
  [`${KD} train --resume`, 'resume the last run exactly where it stopped'],
  [`${KD} train --resume first --epochs 20`, 'resume it with another number of epochs'],
  [`${KD} train --resume first:300`, 'resume it from an earlier checkpoint'],
  [`${KD} train --dry-run`, 'load, count, one step, stop'],
];

/** `kd train` */
export function trainCommand(): Command {
  const command = new Command('train').description(
    "teach a student to give the teacher's embedding for English and Korean",
  );
  addSettings(command, (name) => name === 'recipe')
    .option('--config <file>', "settings from a run's config.json, or YAML; flags win over it")
    .option('--print', 'show all settings as a file for --config, and stop');
  addSettings(command, (name) => name !== 'recipe');
  return addClusterFlags(command)
    .optionsGroup('Run:')
    .option('--resume [run|folder]', 'resume a run (default: the last one), or start from one of its checkpoints')
    .option('--dry-run', 'load, count parameters, one step, shapes and memory; write nothing')
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async (given: TrainFlags, command: Command) => {
      const output = openOutput(command.optsWithGlobals<OutputOptions>());
      if (given.config !== undefined) await takeConfig(given.config, command, output);
      const { config, print = false, ...flags } = withRecipe(command.opts<TrainFlags>(), command, output);
      checkFlags({ ...flags, config });
      if (print) await printRequested(flags, command, output);
      else await train(flags, givenSettings(command), output);
    });
}

async function train(
  { dryRun: isDryRun = false, resume, ...flags }: TrainFlags,
  given: Partial<RequestedSettings>,
  output: Output,
): Promise<void> {
  const stop = openTrainingStop(output);
  let ranks: Ranks | undefined;
  const contextOf = (): TrainContext => ({
    reporter: output,
    stop,
    ranks,
    writeReport: ({ folder, settings }, how) =>
      reportAfterTraining(folder, { ...settings, device: firstDevice(settings.device) }, output, how),
  });
  const [cluster, rest] = clusterFlagsOf(flags);
  const settings: RequestedSettings = { ...DEFAULTS, ...rest };
  try {
    const others = await findCluster(cluster, output);
    if (isDryRun) {
      const assumed = others && { rank: others.hosts.rank, count: others.hosts.addresses.length };
      const context = contextOf();
      await (resume === undefined
        ? dryRunNew(settings, assumed, context, output)
        : dryRunResumed(resume, given, assumed, context, output));
      return;
    }
    // before waiting for the others
    if (others !== undefined) await checkDevice(settings.backend, settings.device, true);
    ranks = others && (await meetCluster(others, 'kd train', stop.signal, output));
    const context = contextOf();
    if (ranks !== undefined && ranks.rank > 0)
      endJoinedRun(
        await (resume === undefined ? joinRun(settings, ranks, context) : joinResumedRun(given, ranks, context)),
      );
    else await endRun(await (resume === undefined ? startRun(settings, context) : resumeRun(resume, given, context)));
  } catch (error) {
    if (ranks !== undefined) await leave(ranks, error);
    if (!(error instanceof StoppedError)) throw error;
    output.warn(error.message);
    output.event({ event: 'error', code: error.code, message: error.message });
    process.exitCode = EXIT.stopped;
  } finally {
    stop.dispose();
  }

  async function endRun(run: TrainedRun | FinishedRun): Promise<void> {
    if ('finishedAt' in run) await printFinishedRun(run, output);
    else printTrainedRun(run, output);
    if (stop.signal.aborted || ranks?.signal.aborted) process.exitCode = EXIT.stopped;
  }

  function endJoinedRun(part: JoinedRun): void {
    printJoinedRun(part, output);
    if (part.stopped) process.exitCode = EXIT.stopped;
  }
}

/**
 * Describes a new run and takes one step of it.
 *
 * @param assumed this process's rank among those that would share the run, without connecting to them
 */
async function dryRunNew(
  settings: RequestedSettings,
  assumed: AssumedRanks | undefined,
  context: TrainContext,
  output: Output,
): Promise<void> {
  const prepared = await prepareRun(settings, context, { isDryRun: true, allowMissingModels: true, assumed });
  await dryRun(prepared, output, assumed).finally(prepared.data.close);
}

/** The same for a run that would be resumed. */
async function dryRunResumed(
  target: string | true,
  given: Partial<RequestedSettings>,
  assumed: AssumedRanks | undefined,
  context: TrainContext,
  output: Output,
): Promise<void> {
  const { run, chosen, finished } = await inspectRun(target, given, output);
  if (finished !== undefined) {
    await printFinishedRun(finished, output);
    return;
  }
  checkWorkingFolder(run);
  const prepared = await prepareRun(run.settings, context, { isDryRun: true, startedWith: run.config.engine, assumed });
  try {
    const same = await checkUnchanged(run, prepared, output);
    await dryRun(same, output, assumed, chosen.found);
  } finally {
    await prepared.data.close();
  }
}

/** Prints the settings of the run that would be started or resumed. */
async function printRequested({ resume, ...flags }: TrainFlags, command: Command, output: Output): Promise<void> {
  const { printSettings } = await import('./print-settings.js');
  if (resume === undefined) {
    printSettings(flags, command, output);
    return;
  }
  const { run, finished } = await inspectRun(resume, givenSettings(command), output);
  if (finished !== undefined) output.message(finishedLine(finished));
  printSettings(run.settings, command, output, "the run's");
}
