/** @file The sites of `kd report --serve`: all runs, each on a page of its own, and comparisons of any of them. */
import { join } from 'node:path';
import { RUNS_FOLDER } from '../runs/run-names.js';
import { runsUnder } from '../runs/run-list.js';
import { followComparison, type ComparisonFollower } from './comparison.js';
import type { PageData } from './pages.js';
import { followRun } from './run-follower.js';
import { listRuns } from './run-list-page.js';
import { servedRun, withHome, type ServedPage, type Site } from './server.js';

/** The most followers to keep, more than anyone looks at together. */
const MAX_KEPT = 32;

/**
 * A site with the list of the runs under a folder at `/`, a run at `/runs/<name>/`, and a comparison at
 * `/compare/?run=<name>&run=<name>`.
 */
export function siteOfRuns(root: string = RUNS_FOLDER): Site {
  const kept = new Map<string, ServedPage>();
  const keep = (key: string, make: () => ServedPage): ServedPage => {
    const page = kept.get(key) ?? make();
    kept.delete(key);
    kept.set(key, page);
    for (const [oldest] of kept) if (kept.size > MAX_KEPT) kept.delete(oldest);
    return page;
  };
  const list = whole(() => listRuns(root));
  return async (path, query) => {
    if (path === '/') return list;
    const names = path === '/compare/' ? query.getAll('run') : nameIn(path);
    const known = await runsUnder(root); // so that a name is never used as a path
    if (names.length === 0 || !names.every((name) => known.includes(name))) return undefined;
    const folders = names.map((name) => join(root, name));
    return path === '/compare/'
      ? keep(`compare ${JSON.stringify(names)}`, () => comparedPage(followComparison(folders), '../'))
      : keep(`run ${names[0]}`, () => servedRun(followRun(folders[0]!), '../../'));
  };
}

/** A site that compares several runs. */
export function siteOfComparison(folders: readonly string[]): Site {
  const page = comparedPage(followComparison(folders));
  return (path) => Promise.resolve(path === '/' ? page : undefined);
}

function comparedPage(follower: ComparisonFollower, home?: string): ServedPage {
  return whole(async () => withHome(await follower.comparison(true), home));
}

/** A page whose updates are the whole page. */
function whole(page: () => Promise<PageData>): ServedPage {
  return { page, news: page };
}

/** The name in `/runs/<name>/`. */
function nameIn(path: string): string[] {
  const name = /^\/runs\/([^/]+)\/$/.exec(path)?.[1];
  try {
    return name === undefined ? [] : [decodeURIComponent(name)];
  } catch {
    return []; // not valid percent-encoding
  }
}
