import { copyFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';

/** Makes `link` a symbolic link to `target`, whatever was there. */
export function replaceLink(link, target) {
  replaceFile(link, (partial) => symlinkSync(target, partial));
}

/** Makes `file` a copy of `source`, whatever was there. */
export function replaceCopy(file, source) {
  replaceFile(file, (partial) => copyFileSync(source, partial));
}

/** Writes `text` to `file` in one go: a reader sees the old text or the new one. */
export function replaceText(file, text) {
  replaceFile(file, (partial) => writeFileSync(partial, text));
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
  const partial = `${file}.partial-${process.pid}`;
  rmSync(partial, { force: true });
  write(partial);
  try {
    renameSync(partial, file);
  } catch (error) {
    if (error.code !== 'EISDIR' && error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    rmSync(file, { recursive: true });
    renameSync(partial, file);
  }
}
