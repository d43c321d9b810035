/** @file All texts of the pages in English; those in Korean have the same keys. */
import { DATA } from './en/data.js';
import { FRAME } from './en/frame.js';
import { RESULTS } from './en/results.js';
import { RUN } from './en/run.js';

export const EN = { ...FRAME, ...RUN, ...DATA, ...RESULTS };

export type Words = typeof EN;
