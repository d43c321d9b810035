/** @file How many open files are enough. */

/** More than Node, TensorFlow and a run's own files come to. */
export const ENOUGH_FILES = 256;

/** What to do about fewer. */
export const RAISE_FILES = 'raise the limit: ulimit -n 1024';
