import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Per-user cache folder of the XDG Base Directory Specification, which tells to ignore relative paths.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheHome(env) {
  if (env.XDG_CACHE_HOME !== undefined && isAbsolute(env.XDG_CACHE_HOME)) return env.XDG_CACHE_HOME;
  return join(env.HOME || homedir(), '.cache');
}
