/** @file A run resumed from a different folder than it was started in, so that its relative paths no longer resolve. */
import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { InputError } from '../base/errors.js';
import type { ResumedRun } from './resumed-run.js';
import { flagOf, type SettingName } from './settings.js';

/** Settings that are, or may be, paths. */
const PATHS = [
  'data',
  'teacher',
  'student',
  'teacherTokenizer',
  'studentTokenizer',
  'cacheTeacher',
] as const satisfies readonly SettingName[];

/**
 * Checks that no path in a run's settings resolves only from the folder that holds its `checkpoints/`.
 *
 * @throws InputError for the first that does
 */
export function checkWorkingFolder({ folder, settings }: Pick<ResumedRun, 'folder' | 'settings'>): void {
  const home = resolve(folder, '../..');
  if (home === process.cwd()) return;
  for (const name of PATHS)
    for (const path of [settings[name] ?? []].flat()) {
      if (isAbsolute(path) || existsSync(path) || !existsSync(join(home, path))) continue;
      const flag = flagOf(name);
      throw new InputError(
        `--resume ${relative('.', folder) || '.'}: expected ${flag} ${path} in this folder, but it is in ${home}; ` +
          `resume the run from there, or give its place with ${flag}`,
      );
    }
}
