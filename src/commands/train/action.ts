/** @file What `kd train` does. */
import type { Command } from 'commander';
import { findCluster, idleClusterFlags, leave, meetCluster } from '../../app/cluster.js';
import { clusterFlagsOf } from '../cluster-flags.js';
import { warnOfIdle } from '../flags.js';
import { printJoinedRun } from './joined-run.js';
import type { Ranks } from '../../cluster/ranks.js';
import { takeConfig } from './config.js';
import { checkFlags, givenSettings, type TrainFlags } from './flags.js';
import type { Output } from '../../app/output.js';
import { reportEnd } from '../../app/reported-error.js';
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
import { warnOfPrepared } from '../../training/prepared-settings.js';
import { openTrainingStop } from './stop.js';

/** Starts or resumes a run, tries it, or prints its settings. */
export async function trainOrPrint(given: TrainFlags, command: Command, output: Output): Promise<void> {
  if (given.config !== undefined) await takeConfig(given.config, command, output);
  const { config, print = false, ...flags } = withRecipe(command.opts<TrainFlags>(), command, output);
  checkFlags({ ...flags, config });
  if (print) await printRequested(flags, command, output);
  else await train(flags, command, output);
}

async function train(
  { dryRun: isDryRun = false, resume, ...flags }: TrainFlags,
  command: Command,
  output: Output,
): Promise<void> {
  const given = givenSettings(command);
  let ranks: Ranks | undefined;
  const stop = openTrainingStop(output, (message) => ranks?.fail(message));
  const contextOf = (): TrainContext => ({
    reporter: output,
    stop,
    ranks,
    writeReport: ({ folder, settings }, how) =>
      reportAfterTraining(folder, { ...settings, device: firstDevice(settings.device) }, output, how),
  });
  const [cluster, rest] = clusterFlagsOf(flags);
  const settings: RequestedSettings = { ...DEFAULTS, ...rest };
  if (resume === undefined) await warnOfPrepared(settings.data, given, output);
  try {
    const others = await findCluster(cluster, output);
    warnOfIdle(command, [idleClusterFlags(others)], output);
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
    reportEnd(error, output);
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
  try {
    await dryRun(prepared, output, assumed);
  } finally {
    await prepared.data.close();
  }
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
