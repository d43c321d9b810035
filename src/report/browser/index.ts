/** @file A page of this project: shows the data embedded in it, and asks for news where there may be some. */
import type { PageData } from '../pages.js';
import { showComparison } from './comparison.js';
import type { LiveReport } from './live.js';
import { showRun } from './run.js';
import { showRunList } from './run-list.js';

const page = JSON.parse(document.getElementById('report')!.textContent) as PageData;
if (page.kind === 'run') showRun(page as LiveReport);
else if (page.kind === 'comparison') showComparison(page);
else showRunList(page);
