/** @file The names of the files that a report consists of. */

/** The page, in a run's folder. */
export const REPORT_PAGE = 'report.html';

/** The loss curves, in a run's folder. */
export const LOSS_PICTURES = { svg: 'loss.svg', png: 'loss.png' } as const;

/** The file of a run's report that is written last. */
export const LAST_WRITTEN = LOSS_PICTURES.png;

/** The page that compares several runs, in the folder that holds the first run's folder. */
export const COMPARISON_PAGE = 'comparison.html';
