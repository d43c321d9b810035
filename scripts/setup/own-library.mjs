import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupError } from './errors.mjs';

/** @import { Library } from './libtensorflow.mjs' */

/** The C library's names: in the Python wheels, and in TensorFlow's own archives for C. */
const C_LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow.so.2'];
const FRAMEWORK_LIBRARY = 'libtensorflow_framework.so.2';
/** The headers that the addon's sources include directly; what these include differs between versions. */
const HEADERS = [
  ...['c_api', 'eager/c_api', 'tf_datatype', 'tf_status', 'tf_tensor'].map((name) => `tensorflow/c/${name}.h`),
  'tensorflow/core/platform/ctstring_internal.h',
];

/**
 * The user's own libtensorflow in `folder`, the value of TF_LIBRARY_DIR, in the form that `findLibrary` returns.
 *
 * The libraries may be in the folder or its `lib`, the headers in its `include`, beside the libraries, or in an
 * `include` beside the folder. Throws `SetupError` that names the first file that is missing.
 *
 * @param {string} folder
 * @returns {Library}
 */
export function ownLibrary(folder) {
  if (!existsSync(folder)) {
    throw new SetupError(
      `TF_LIBRARY_DIR=${folder}: no such folder; name one that holds libtensorflow, or unset TF_LIBRARY_DIR`,
    );
  }
  const root = realpathSync(folder);
  const lib = placeOf([...C_LIBRARIES, FRAMEWORK_LIBRARY], [join(root, 'lib'), root]);
  const include = placeOf([join('tensorflow', 'c')], [join(root, 'include'), root, join(dirname(root), 'include')]);
  const cLibraries = C_LIBRARIES.map((name) => join(lib, name));
  const cLibrary = cLibraries.find((file) => existsSync(file));
  if (cLibrary === undefined) throw lacking(folder, cLibraries.join(' or '));
  const libraries = [cLibrary, join(lib, FRAMEWORK_LIBRARY)];
  const files = [...libraries, ...HEADERS.map((name) => join(include, name))];
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) throw lacking(folder, missing);
  return { identity: fingerprint(files), lib, include, libraries };
}

/**
 * The error for a file that the user's own folder lacks.
 *
 * @param {string} folder
 * @param {string} file
 */
export function lacking(folder, file) {
  return new SetupError(
    `TF_LIBRARY_DIR=${folder}: ${file} is missing; ` +
      'add it, or unset TF_LIBRARY_DIR to let set-up download libtensorflow',
  );
}

/**
 * The first of `places` that has one of `names`; the first place if none has.
 *
 * @param {readonly string[]} names
 * @param {readonly [string, ...string[]]} places
 */
function placeOf(names, places) {
  return places.find((place) => names.some((name) => existsSync(join(place, name)))) ?? places[0];
}

/** @param {readonly string[]} files */
function fingerprint(files) {
  const facts = files.map((file) => `${file} ${statSync(file).size} ${statSync(file).mtimeMs}`);
  return createHash('sha256').update(facts.join('\n')).digest('hex');
}
