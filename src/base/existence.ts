/** @file Whether something exists; something that cannot be looked at does not count. */
import { lstat, stat } from 'node:fs/promises';

/** Whether a path leads to a file or a folder. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Whether a path is a name in its folder, even that of a link to nothing. */
export async function isNamed(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
