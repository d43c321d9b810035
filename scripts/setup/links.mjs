import { randomBytes } from 'node:crypto';
import { constants, copyFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';

/** Makes `link` a symbolic link to `target`, whatever was there. */
export function replaceLink(link, target) {
  replaceFile(link, (partial) => symlinkSync(target, partial));
}

/** Makes `file` a copy of `source`, whatever was there. */
export function replaceCopy(file, source) {
  replaceFile(file, (partial) => copyFileSync(source, partial, constants.COPYFILE_EXCL));
}

/** Writes `text` to `file` in one go: a reader sees the old text or the new one. */
export function replaceText(file, text) {
  replaceFile(file, (partial) => writeFileSync(partial, text, { flag: 'wx' }));
}

/** Where a symbolic link points, or undefined for anything else. */
export function linkTarget(link) {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function replaceFile(file, write) {
  const partial = `${file}.partial-${randomBytes(8).toString('hex')}`;
  try {
    write(partial);
    renameSync(partial, file);
  } catch (error) {
    if (error.code !== 'EISDIR' && error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    rmSync(file, { recursive: true });
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}
