/** @file Settings: which pairs a run trains and validates on. */
import { COUNT, SHARE, SWITCH, TEXT, TEXTS, wordOr } from '../../base/kinds.js';
import { DEFAULT_DATA } from '../../data/nothing-found.js';
import type { Setting } from './setting.js';

/** Enough to measure the untrained student, whose losses hardly differ between pairs. */
const BASELINE_PAIRS = 2000;

/** The settings under `Data:`. */
export const DATA_SETTINGS = {
  data: {
    group: 'Data:',
    flag: '--data <path...>',
    help: 'files of pairs, folders of them, or what `kd prepare` made',
    kind: TEXTS,
    default: [DEFAULT_DATA],
    shownDefault: `${DEFAULT_DATA}/`,
    recipe: true,
    resume: 'may change',
  },
  koColumn: {
    flag: '--ko-column <name>',
    help: 'the column with the Korean text, if it is not detected',
    kind: TEXT,
  },
  enColumn: {
    flag: '--en-column <name>',
    help: 'the column with the English text, if it is not detected',
    kind: TEXT,
  },
  samples: {
    flag: '--samples <pairs>',
    help: 'pairs to use, training and validation together (default: all)',
    kind: COUNT,
    recipe: true,
  },
  validFraction: {
    flag: '--valid-fraction <share>',
    help: 'share of the pairs kept for validation',
    kind: SHARE,
    default: 0.2,
    recipe: true,
  },
  validPairs: {
    flag: '--valid-pairs <pairs>',
    help: 'validate on a uniform sample of so many of them, the same each time',
    kind: wordOr('all', COUNT),
    default: 'all',
    legacyDefault: 'all',
    leavesRecipe: true,
  },
  baselinePairs: {
    flag: '--baseline-pairs <pairs>',
    help: 'how many of these to measure the untrained student on, or all',
    kind: wordOr('all', COUNT),
    default: BASELINE_PAIRS,
    legacyDefault: 'all',
  },
  shuffle: {
    flag: '--no-shuffle',
    help: 'keep the order of the files; validation takes the last pairs',
    kind: SWITCH,
    default: true,
    recipe: true,
  },
} as const satisfies Readonly<Record<string, Setting>>;
