/** @file What `kd report --serve` serves: all runs, each a page of its own, and any of them side by side. */
import { join } from 'node:path';
import { RUNS_FOLDER } from '../runs/run-names.js';
import { runsUnder } from '../runs/run-list.js';
import { followComparison, type ComparisonFollower } from './comparison.js';
import type { PageData } from './pages.js';
import { followRun } from './run-follower.js';
import { listRuns } from './run-list-page.js';
import { servedRun, type ServedPage, type Site } from './server.js';

/** Followers that are kept; more runs than one looks at. */
const MOST_KEPT = 32;

/**
 * The list of the runs under a folder at `/`, a run at `/runs/<name>/`, and several at
 * `/compare/?run=<name>&run=<name>`.
 */
export function siteOfRuns(root: string = RUNS_FOLDER): Site {
  const kept = new Map<string, ServedPage>();
  const keep = (key: string, make: () => ServedPage): ServedPage => {
    const page = kept.get(key) ?? make();
    kept.delete(key);
    kept.set(key, page);
    for (const [oldest] of kept) if (kept.size > MOST_KEPT) kept.delete(oldest);
    return page;
  };
  const list = whole(() => listRuns(root));
  return async (path, query) => {
    if (path === '/') return list;
    const names = path === '/compare/' ? query.getAll('run') : nameIn(path);
    const known = await runsUnder(root); // a name is never a path
    if (names.length === 0 || !names.every((name) => known.includes(name))) return undefined;
    const folders = names.map((name) => join(root, name));
    return path === '/compare/'
      ? keep(`compare ${JSON.stringify(names)}`, () => comparedPage(followComparison(folders), '../'))
      : keep(`run ${names[0]}`, () => servedRun(followRun(folders[0]!), '../../'));
  };
}

/** A site of several runs side by side. */
export function siteOfComparison(folders: readonly string[]): Site {
  const page = comparedPage(followComparison(folders));
  return (path) => Promise.resolve(path === '/' ? page : undefined);
}

function comparedPage(follower: ComparisonFollower, home?: string): ServedPage {
  return whole(async () => ({ ...(await follower.comparison(true)), ...(home === undefined ? {} : { home }) }));
}

/** A page whose news are the whole of it. */
function whole(page: () => Promise<PageData>): ServedPage {
  return { page, news: page };
}

/** The name in `/runs/<name>/`. */
function nameIn(path: string): string[] {
  const name = /^\/runs\/([^/]+)\/$/.exec(path)?.[1];
  try {
    return name === undefined ? [] : [decodeURIComponent(name)];
  } catch {
    return []; // not the code of any text
  }
}
