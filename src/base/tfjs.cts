/**
 * @file TensorFlow.js's core, `tf`. It is a CommonJS module of over a megabyte. `import` would first search it for the
 *   names that it exports, which costs every start of `kd` more than half a second of CPU time; `require` does not.
 */
import tf = require('@tensorflow/tfjs-core');

export = tf;
