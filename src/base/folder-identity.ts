import { statSync } from 'node:fs';

/**
 * Identifies a folder beyond its name, since another may take that name. Undefined if it does not exist or cannot be
 * looked at.
 */
export function folderIdentity(folder: string): string | undefined {
  try {
    const { dev, ino } = statSync(folder);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
