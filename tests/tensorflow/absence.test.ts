import { expect, it } from 'vitest';
import { absenceReason } from '../../src/tensorflow/absence.js';

const TOO_BIG = new Error('libtensorflow_cc.so.2: failed to map segment from shared object');

it.each([
  [
    'a limit that leaves no room for the library is named',
    TOO_BIG,
    undefined,
    12e9,
    'no TensorFlow (libtensorflow_cc.so.2: failed to map segment from shared object; this process may map 12.0 GB): computing in JavaScript, tens of times slower; end other programs, or raise the limit of this one: ulimit -v unlimited',
  ],
  [
    'without a limit, set-up may help',
    TOO_BIG,
    undefined,
    Infinity,
    'no TensorFlow (libtensorflow_cc.so.2: failed to map segment from shared object): computing in JavaScript, tens of times slower; run `npm run setup`',
  ],
  [
    'with a limit that has nothing to do with it, too',
    new Error('libtensorflow_cc.so.2: cannot open shared object file'),
    undefined,
    12e9,
    'no TensorFlow (libtensorflow_cc.so.2: cannot open shared object file): computing in JavaScript, tens of times slower; run `npm run setup`',
  ],
  [
    "set-up's reason comes first",
    TOO_BIG,
    { backend: 'cpu', reason: 'no compiler', remedy: 'install one' },
    12e9,
    'no TensorFlow (no compiler): computing in JavaScript, tens of times slower; install one',
  ],
] as const)('%s', (_, error, setup, limit, expected) => {
  expect(absenceReason(error, setup, limit)).toBe(expected);
});
