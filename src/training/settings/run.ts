/** @file Settings: what a run keeps, and when. */
import { choice, COUNT, TEXT } from '../../base/kinds.js';
import { ON_NAN } from '../../distill/steps.js';
import type { Setting } from './setting.js';

/** The settings under `Run:`. */
export const RUN_SETTINGS = {
  run: {
    group: 'Run:',
    flag: '--run <name>',
    help: 'folder under checkpoints/ (default: date and time)',
    kind: TEXT,
  },
  logEvery: {
    flag: '--log-every <steps>',
    help: 'steps per line of the logs',
    kind: COUNT,
    default: 10,
    resume: 'may change',
  },
  saveEvery: {
    flag: '--save-every <steps>',
    help: 'steps between checkpoints (default: every 15 minutes), besides those at epoch ends',
    kind: COUNT,
    resume: 'may change',
  },
  keep: {
    flag: '--keep <checkpoints>',
    help: 'newest checkpoints to keep, besides the best',
    kind: COUNT,
    default: 2,
    resume: 'may change',
  },
  cacheTeacher: {
    flag: '--cache-teacher <folder>',
    help: 'compute the teacher once, not in every epoch: cache its outputs (bfloat16; 118 kB a pair at 77 × 768)',
    kind: TEXT,
    resume: 'may move',
  },
  onNan: {
    flag: '--on-nan <action>',
    help: 'at a step whose losses or gradients are not finite, end the run or skip the step',
    kind: choice(ON_NAN),
    default: 'stop',
    resume: 'may change',
  },
} as const satisfies Readonly<Record<string, Setting>>;
