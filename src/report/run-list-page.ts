/** @file The list of runs as a page. */
import { VERSION } from '../base/version.js';
import type { RunState } from '../runs/run-states.js';
import { RUNS_FOLDER } from '../runs/run-names.js';
import { summariseRuns } from '../runs/run-summary.js';
import type { RunListData } from './pages.js';
import { TRAIN_COMMAND } from './shell-commands.js';

const LIVE: readonly (RunState | 'damaged')[] = ['starting', 'training'];

/** All runs under a folder, running ones first, then the newest. */
export async function listRuns(root: string = RUNS_FOLDER): Promise<RunListData> {
  const runs = await summariseRuns(root);
  const isLive = ({ state }: (typeof runs)[number]): boolean => LIVE.includes(state);
  return {
    kind: 'runs',
    written: new Date().toISOString(),
    kd: VERSION,
    live: true,
    folder: root,
    runs: [...runs.filter(isLive), ...runs.filter((run) => !isLive(run))],
    train: TRAIN_COMMAND,
  };
}
