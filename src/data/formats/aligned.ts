/** @file Two aligned plain files. They are told by their two names, not by the beginning of one. */
import type { Format } from '../format.js';
import { readAligned } from '../readers/aligned.js';

export const ALIGNED: Format = {
  shapes: ['aligned'],
  endings: [],
  matches: () => false,
  probe: () => Promise.resolve({ reason: 'one of two aligned files' }),
  read: readAligned,
};
