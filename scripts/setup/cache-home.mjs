import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * The per-user cache folder of the XDG Base Directory Specification, which says to ignore relative paths.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheHome(env) {
  if (env.XDG_CACHE_HOME !== undefined && isAbsolute(env.XDG_CACHE_HOME)) return env.XDG_CACHE_HOME;
  return join(env.HOME || homedir(), '.cache');
}
