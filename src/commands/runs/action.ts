/** @file What `kd runs` does. */
import { KD } from '../../base/own-command.js';
import { relative, resolve } from 'node:path';
import { InputError } from '../../base/errors.js';
import { formatBytes } from '../../base/format.js';
import { findRun, noSuchRun } from '../../runs/find-run.js';
import {
  amountOf,
  noneUnusedText,
  removeStores,
  STORES_FOLDER,
  unusedStores,
  unusedText,
} from '../../runs/prepared-stores.js';
import { removeRun } from '../../runs/remove-run.js';
import { RUNS_FOLDER } from '../../runs/run-names.js';
import { summariseRun, summariseRuns } from '../../runs/run-summary.js';
import type { Output } from '../../app/output.js';
import { isAgreed } from './question.js';
import { runObject, runsTable } from '../../app/runs-table.js';

/** The flags of `kd runs`. */
export interface RunsFlags {
  readonly remove?: readonly string[];
  readonly removePrepared?: boolean;
  readonly yes?: boolean;
}

/** Lists runs, or removes those named and the prepared data that no run uses. */
export async function runs({ remove, removePrepared = false, yes = false }: RunsFlags, output: Output): Promise<void> {
  if (remove !== undefined) await removeRuns(remove, yes, output);
  if (removePrepared) await removeUnused(yes, output);
  if (remove !== undefined || removePrepared) return;
  if (yes) throw new InputError('--yes: expected --remove or --remove-prepared with it; name what to remove');
  await list(output);
}

async function list(output: Output): Promise<void> {
  const runs = await summariseRuns();
  if (output.json) for (const run of runs) output.event(runObject(run));
  else if (runs.length === 0) output.message(`no runs under ${resolve(RUNS_FOLDER)}; ${KD} train starts one`);
  else output.result(runsTable(runs, output.columns), {});
  const unused = await unusedStores().catch(() => []);
  if (unused.length > 0) output.message(unusedText(unused));
}

async function removeUnused(isSure: boolean, output: Output): Promise<void> {
  const unused = await unusedStores();
  if (unused.length === 0) {
    output.message(await noneUnusedText());
    output.event({ event: 'removed-prepared', stores: [], bytes: 0 });
  } else if (!isSure && !(await isAgreed(`remove ${amountOf(unused)}?`))) output.message(`${STORES_FOLDER} is kept`);
  else {
    const { text, ...removed } = await removeStores(unused);
    output.result(text, { event: 'removed-prepared', ...removed });
  }
}

async function removeRuns(names: readonly string[], isSure: boolean, output: Output): Promise<void> {
  const folders: string[] = [];
  for (const name of names) {
    const found = await findRun(name);
    if (found === undefined) throw await noSuchRun(`--remove ${name}`, "the name of a run, or a run's folder");
    if (found.checkpoint !== undefined)
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
