/** @file The entry point of every page: shows the embedded data, and polls for updates if the page is served. */
import type { PageData } from '../pages.js';
import { showComparison } from './comparison.js';
import { showEvaluation } from './evaluation-page.js';
import type { LiveReport } from './live.js';
import { showPreparation } from './preparation.js';
import { showRun } from './run.js';
import { showRunList } from './run-list.js';

const page = JSON.parse(document.getElementById('report')!.textContent) as PageData;
if (page.kind === 'run') showRun(page as LiveReport);
else if (page.kind === 'comparison') showComparison(page);
else if (page.kind === 'runs') showRunList(page);
else if (page.kind === 'preparation') showPreparation(page);
else showEvaluation(page);
