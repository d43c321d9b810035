/** @file Words operating system errors for the user. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputError, SYSTEM } from './errors.js';

/** What to do about too many open files. */
export const RAISE_OPEN_FILES = 'raise the limit: ulimit -n 1024';

/** What to do about too little memory where a limit may be the reason. */
export const RAISE_MEMORY = 'end other programs, or raise the limit of this one: ulimit -v unlimited';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a folder',
  EEXIST: 'a file is in its place',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'a file of this size is more than the file system, or a limit (ulimit -f), allows',
  EBUSY: 'it is in use, or a file system is mounted there',
  EROFS: 'the file system is read-only',
  EIO: 'the device cannot read or write (EIO)',
  ESTALE: 'the file server has lost it (ESTALE)',
  EMFILE: `too many open files; ${RAISE_OPEN_FILES}`,
  ENFILE: 'too many open files on this machine',
  ELOOP: 'too many symbolic links, one to the next',
  ENAMETOOLONG: 'the name is too long',
};

/**
 * Turns an operating system error into an InputError that names the path; returns any other error as it is.
 *
 * @param action what failed, such as `cannot be read`
 */
export function fileError(path: string, action: string, error: unknown): unknown {
  const known = systemReason(error);
  if (known === undefined) return error;
  const reason = known === REASONS.ENOSPC && areInodesUsedUp(dirname(path)) ? NO_INODES : known;
  const remedy = temporaryFolders.some((folder) => path.startsWith(folder)) ? '; name another place in TMPDIR' : '';
  return new InputError(`${path}: ${action}: ${reason}${remedy}`, { cause: error, code: SYSTEM });
}

/** What the system also calls no space, although `df` shows some. */
const NO_INODES = 'no room for another file, as all inodes of the device are in use (df -i); remove files there';

/** Whether a file system has a limited number of files and folders, and none left. */
function areInodesUsedUp(folder: string): boolean {
  try {
    const { files, ffree } = statfsSync(folder);
    return files > 0 && ffree === 0;
  } catch {
    return false;
  }
}

/** Whether an operation failed because the file or folder does not exist. */
export function isMissing(error: unknown): boolean {
  const { code, cause } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || (cause !== undefined && isMissing(cause));
}

/** The reason for an operating system error, in a few words; undefined for any other error. */
export function systemReason(error: unknown): string | undefined {
  return isSystemError(error) ? (REASONS[error.code] ?? error.code) : undefined;
}

/** Whether an error is from the operating system. */
export function isSystemError(error: unknown): error is Error & { readonly code: string; readonly syscall: string } {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

const temporaryFolders: string[] = [];

/** Makes `fileError` suggest another temporary folder when something in this one fails. */
export function adviseTmpdir(folder: string): void {
  temporaryFolders.push(folder);
}
