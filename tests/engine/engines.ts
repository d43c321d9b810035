import { BACKENDS_UNDER_TEST } from '../backends.js';

/** Every engine with every backend that may be tested. */
export const ENGINES: ['eager' | 'compiled', 'tensorflow' | 'cpu'][] = [
  ...BACKENDS_UNDER_TEST.map((backend): ['eager', 'tensorflow' | 'cpu'] => ['eager', backend]),
  ...(BACKENDS_UNDER_TEST.includes('tensorflow') ? [['compiled', 'tensorflow'] as ['compiled', 'tensorflow']] : []),
];
