import { dirname } from 'node:path';
import { size, stopwatch } from '../amounts.mjs';
import { SetupError } from '../errors.mjs';
import * as packages from '../packages.mjs';
import { startByteProgress, withProgress } from '../progress.mjs';
import { unpack } from './archives.mjs';
import { readManifest, titleOf } from './manifest.mjs';
import { PieceReader } from './pieces.mjs';

/** @import { Cuda } from '../choice.mjs' */
/** @import { Host } from '../host.mjs' */
/** @import { Screen } from '../progress.mjs' */
/**
 * A bundle for this machine and this version of kd.
 *
 * @typedef {object} Bundle
 * @property {string} folder as the user named it
 * @property {'cpu' | 'gpu'} device
 * @property {Cuda} cuda
 * @property {boolean} slim
 * @property {(name: string) => boolean} has
 * @property {(name: string) => void} demand throws `SetupError` for an archive that is not there
 * @property {(name: string, folder: string, options: UnpackOptions) => Promise<void>} unpack throws `SetupError` for
 *   an archive that is not there, a damaged piece, and a folder that takes no files
 */
/** @typedef {Screen & { lock?: number | undefined }} UnpackOptions */

/**
 * Opens the bundle in `folder` for the clone in `root`.
 *
 * @param {string} folder
 * @param {{ root: string, host: Host }} project
 * @returns {Bundle}
 * @throws {SetupError} if it is not whole, or for another system or other packages
 */
export function openBundle(folder, { root, host }) {
  const manifest = readManifest(folder);
  const { device, cuda, slim, archives } = manifest;
  if (manifest.platform !== host.platform || manifest.arch !== host.arch)
    throw new SetupError(
      `--from ${folder}: a bundle for ${manifest.platform} ${manifest.arch}, and this is ${host.platform} ` +
        `${host.arch}; make one on such a machine`,
    );
  if (manifest.packages !== packages.lockFingerprint(root)) throw otherVersion(folder, 'other packages');
  const reader = new PieceReader(folder, manifest.pieces);
  const find = (/** @type {string} */ name) => archives.find((archive) => archive.name === name);
  return {
    folder,
    device,
    cuda,
    slim,
    has: (name) => find(name) !== undefined,
    demand(name) {
      if (find(name) === undefined) throw otherVersion(folder, `no ${titleOf(name)}`);
    },
    async unpack(name, target, screen) {
      const archive = find(name);
      const title = titleOf(name);
      if (archive === undefined) throw otherVersion(folder, `no ${title}`);
      const elapsed = stopwatch();
      screen.say(`${title}: unpacking ${size(archive.bytes)} from ${folder} …`);
      const source = await withProgress(screen, `${title}: verifying`, () =>
        reader.read(archive.offset, archive.bytes),
      );
      const progress = startByteProgress(screen, `${title}: unpacking`, archive.bytes);
      try {
        await unpack(source, target, { onBytes: progress.add, lock: screen.lock });
      } catch (error) {
        throw unpackFailure(folder, title, target, error);
      } finally {
        progress.stop();
      }
      screen.say(`${title}: unpacked in ${elapsed()}`);
    },
  };
}

/**
 * @param {string} folder
 * @param {string} difference
 */
function otherVersion(folder, difference) {
  return new SetupError(
    `--from ${folder}: made for another version of kd (it has ${difference}); make it again with this version`,
  );
}

/**
 * @param {string} folder
 * @param {string} title
 * @param {string} target
 * @param {unknown} error
 */
function unpackFailure(folder, title, target, error) {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = /No space left|Wrote only|quota/i.test(message) ? `make room in ${dirname(target)}` : 'mend that';
  return new SetupError(`--from ${folder}: ${title} cannot be unpacked (${message}); ${remedy} and run this again`);
}
