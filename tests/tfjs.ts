/**
 * @file What `src/base/tfjs.cts` exports, for Vite, which reads no CommonJS in TypeScript. Loaded with `require`, too: an
 *   `import` would first search a megabyte for names.
 */
import { createRequire } from 'node:module';
import type * as tf from '@tensorflow/tfjs-core';

export default createRequire(import.meta.url)('@tensorflow/tfjs-core') as typeof tf;
