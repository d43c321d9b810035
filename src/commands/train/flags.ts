/** @file The flags of `kd train`, as commander parses them. */
import type { Command } from 'commander';
import { InputError } from '../../base/errors.js';
import { checkRunName } from '../../runs/run-names.js';
import type { RequestedSettings } from '../../training/settings.js';
import { isClusterFlag } from '../cluster-flags.js';
import type { ClusterFlags } from '../../app/cluster.js';

/** Flags as commander parses them: a switch that was not given is absent. */
export type TrainFlags = Partial<RequestedSettings> &
  ClusterFlags & {
    readonly dryRun?: boolean;
    readonly config?: string;
    readonly print?: boolean;
    readonly resume?: string | true;
  };

/**
 * Checks flags against each other.
 *
 * @throws InputError for flags that exclude each other, or a name that no run can have
 */
export function checkFlags({
  run,
  resume,
  config,
}: Pick<TrainFlags, 'run' | 'resume'> & { readonly config: string | undefined }): void {
  if (config !== undefined && resume !== undefined)
    throw new InputError(
      `--config ${config}: expected no settings beside --resume, as a resumed run keeps its own; leave out one of them`,
    );
  if (run === undefined) return;
  if (resume !== undefined)
    throw new InputError(
      `--run ${run}: expected no name beside --resume, as a resumed run keeps its name; leave out one of them`,
    );
  checkRunName(run);
}

/** The settings that were given as flags rather than by default. */
export function givenSettings(command: Command): Partial<RequestedSettings> {
  const flags = Object.entries(command.opts<TrainFlags>()).filter(
    ([name]) => command.getOptionValueSource(name) === 'cli',
  );
  return Object.fromEntries(
    flags.filter(([name]) => !isClusterFlag(name) && !['resume', 'dryRun', 'print', 'config', 'run'].includes(name)),
  );
}
