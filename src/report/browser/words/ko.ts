/** @file All texts of the pages in Korean. */
import { DATA } from './ko/data.js';
import { FRAME } from './ko/frame.js';
import { RESULTS } from './ko/results.js';
import { RUN } from './ko/run.js';
import type { Words } from './en.js';

export const KO: Words = { ...FRAME, ...RUN, ...DATA, ...RESULTS };
