/** @file Two aligned plain text files. Recognised by their names, not by their content. */
import type { Format } from '../format.js';
import { readAligned } from '../readers/aligned.js';

export const ALIGNED: Format = {
  shapes: ['aligned'],
  endings: [],
  matches: () => false,
  probe: () => Promise.resolve({ reason: 'one of two aligned files' }),
  read: readAligned,
};
