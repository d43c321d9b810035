import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { loadAddon } from './addon.mjs';
import { DISTRIBUTIONS } from './distributions.mjs';
import { thisHost } from './host.mjs';
import { findGpus } from './nvidia.mjs';

/** What a set-up works on: the clone, the environment, the host, what can be downloaded, and where progress goes. */
export function createProject({ root, env, quiet = false, stream = process.stderr, ...rest }) {
  return {
    root,
    env,
    cache: join(cacheHome(env), 'kd'),
    host: thisHost(),
    distributions: DISTRIBUTIONS,
    findGpus,
    loadAddon,
    /** Child processes may draw their own progress bars. */
    terminal: !quiet && stream.isTTY === true,
    say(line) {
      if (!quiet) stream.write(`kd set-up: ${line}\n`);
    },
    ...rest,
  };
}

/** Per-user cache folder of the XDG Base Directory Specification, which tells to ignore relative paths. */
function cacheHome(env) {
  if (env.XDG_CACHE_HOME !== undefined && isAbsolute(env.XDG_CACHE_HOME)) return env.XDG_CACHE_HOME;
  return join(env.HOME || homedir(), '.cache');
}
