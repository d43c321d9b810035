import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../errors.mjs';

/** @import { Cuda } from '../choice.mjs' */
/** A file of a bundle. @typedef {{ name: string, bytes: number, sha256: string }} Piece */
/**
 * A compressed archive, as a range of bytes over all pieces.
 *
 * @typedef {{ name: string, offset: number, bytes: number }} Archive
 */

/**
 * The contents of a bundle, and the system it was made for. Written last: a folder without it is not a bundle.
 *
 * @typedef {object} Manifest
 * @property {number} format
 * @property {string} version of kd
 * @property {string} platform
 * @property {string} arch
 * @property {'cpu' | 'gpu'} device
 * @property {Cuda} cuda
 * @property {boolean} slim
 * @property {string} packages SHA-256 of the package-lock.json that its packages are of
 * @property {Archive[]} archives
 * @property {Piece[]} pieces
 * @property {{ version: string, pieces: Piece[] }} [node] Node itself, beside the archives
 */

export const FORMAT = 1;
export const MANIFEST = 'manifest.json';
/** The file names in a bundle, finished or not. */
export const OWN_FILE = /^(manifest\.json|kd-bundle\.\d{3,}|node\.gz\.\d{3,})(\.partial-[0-9a-f]+)?$/;

/** @param {number} number from 1 */
export const pieceName = (number) => `kd-bundle.${String(number).padStart(3, '0')}`;
/** @param {number} number from 1 */
export const nodePieceName = (number) => `node.gz.${String(number).padStart(3, '0')}`;

/**
 * An archive's name in messages: its name and version, or the beginning of its key.
 *
 * @param {string} archive
 */
export function titleOf(archive) {
  const [name, version = ''] = archive.split(' ');
  return `${name} ${version.slice(0, 12)}`.trimEnd();
}

/**
 * Reads the manifest of the bundle in `folder`, and checks that all pieces exist and have their full size.
 *
 * @param {string} folder
 * @returns {Manifest}
 * @throws {SetupError} that names what is missing or not as it should be
 */
export function readManifest(folder) {
  if (!existsSync(folder))
    throw new SetupError(`--from ${folder}: no such folder; name one that \`npm run setup -- --bundle\` made`);
  if (!statSync(folder).isDirectory())
    throw new SetupError(`--from ${folder}: expected the folder of a bundle, got a file; name the folder`);
  const manifest = parse(folder);
  const missing = manifest.pieces.filter(({ name }) => !existsSync(join(folder, name)));
  const [first] = missing;
  if (first !== undefined) {
    const others = missing.length === 1 ? '' : ` (and ${missing.length - 1} more)`;
    throw new SetupError(`--from ${folder}: ${first.name} is missing${others}; copy it again`);
  }
  for (const { name, bytes } of manifest.pieces) {
    const { size } = statSync(join(folder, name));
    if (size !== bytes)
      throw new SetupError(`--from ${folder}: ${name} should have ${bytes} bytes and has ${size}; copy it again`);
  }
  return manifest;
}

/** @param {string} folder */
function parse(folder) {
  const file = join(folder, MANIFEST);
  if (!existsSync(file))
    throw new SetupError(
      `--from ${folder}: ${MANIFEST} is missing, so the bundle was not made to its end or not copied whole; ` +
        'make or copy it again',
    );
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    value = undefined;
  }
  const format = isObject(value) ? value.format : undefined;
  if (typeof format === 'number' && format !== FORMAT)
    throw new SetupError(
      `--from ${folder}: a bundle of format ${format}, and this version of kd reads format ${FORMAT}; ` +
        'make it again with this version',
    );
  if (!isManifest(value))
    throw new SetupError(`--from ${folder}: ${MANIFEST} is no manifest of a bundle, or damaged; copy it again`);
  if (!isWhole(value))
    throw new SetupError(
      `--from ${folder}: ${MANIFEST} does not list what belongs together, so it was edited or is of another bundle; ` +
        'copy the bundle again',
    );
  return value;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null;
}

/**
 * Whether a value has all required fields; piece names must not lead out of the folder.
 *
 * @param {unknown} value
 * @returns {value is Manifest}
 */
function isManifest(value) {
  if (!isObject(value) || !Array.isArray(value.pieces) || !Array.isArray(value.archives)) return false;
  const isPiece = (/** @type {unknown} */ piece) =>
    isObject(piece) && OWN_FILE.test(String(piece.name)) && isSize(piece.bytes) && typeof piece.sha256 === 'string';
  const isArchive = (/** @type {unknown} */ archive) =>
    isObject(archive) && typeof archive.name === 'string' && isSize(archive.offset) && isSize(archive.bytes);
  return (
    [value.version, value.platform, value.arch, value.packages].every((field) => typeof field === 'string') &&
    (value.device === 'cpu' || value.device === 'gpu') &&
    (value.cuda === 'wheels' || value.cuda === 'system') &&
    typeof value.slim === 'boolean' &&
    value.pieces.every(isPiece) &&
    value.archives.every(isArchive)
  );
}

/**
 * Whether the pieces are listed in their order, and have room for the archives, one after the other.
 *
 * @param {Manifest} manifest
 */
function isWhole({ archives, pieces }) {
  let end = 0;
  for (const { offset, bytes } of archives) {
    if (offset < end) return false;
    end = offset + bytes;
  }
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  return end <= total && pieces.every(({ name }, i) => name === pieceName(i + 1));
}

/** @param {unknown} value */
function isSize(value) {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
