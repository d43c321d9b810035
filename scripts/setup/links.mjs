import { randomBytes } from 'node:crypto';
import { constants, copyFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { codeOf } from './errors.mjs';

/**
 * Makes `link` a symbolic link to `target`, replacing anything that exists.
 *
 * @param {string} link
 * @param {string} target
 */
export function replaceLink(link, target) {
  replaceFile(link, (partial) => symlinkSync(target, partial));
}

/**
 * Makes `file` a copy of `source`, replacing anything that exists.
 *
 * @param {string} file
 * @param {string} source
 */
export function replaceCopy(file, source) {
  replaceFile(file, (partial) => copyFileSync(source, partial, constants.COPYFILE_EXCL));
}

/**
 * Writes `text` to `file` atomically: a reader sees the old text or the new one.
 *
 * @param {string} file
 * @param {string} text
 */
export function replaceText(file, text) {
  replaceFile(file, (partial) => writeFileSync(partial, text, { flag: 'wx' }));
}

/**
 * The target of a symbolic link, or undefined for anything else.
 *
 * @param {string} link
 */
export function linkTarget(link) {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} file
 * @param {(partial: string) => void} write
 */
function replaceFile(file, write) {
  const partial = `${file}.partial-${randomBytes(8).toString('hex')}`;
  try {
    write(partial);
    renameSync(partial, file);
  } catch (error) {
    if (!['EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
    rmSync(file, { recursive: true });
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}
