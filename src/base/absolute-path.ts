import { isAbsolute, resolve } from 'node:path';

/**
 * Where a path of the user's leads, for a message that nothing is there, since they may be in another folder than they
 * think: ` at /home/me/data` for `data`. Empty if the path is absolute.
 */
export function atPlace(path: string): string {
  return isAbsolute(path) ? '' : ` at ${resolve(path)}`;
}
