/** @file The self-contained pages of a preparation and of an evaluation. */
import type { PrepareRequest } from '../app/prepare-pairs.js';
import { VERSION } from '../base/version.js';
import type { PrepareReport } from '../data/prepare/report.js';
import type { RunEvaluations } from '../evaluate/evaluation.js';
import { readPageAssets, reportPage } from './page.js';

/** The page of a preparation: sources, settings and results. */
export async function preparationPage(request: PrepareRequest, report: PrepareReport): Promise<string> {
  const { out: folder, data: sources, teacher, student } = request;
  const options: (readonly [string, string] | undefined)[] = [
    request.samples === undefined ? undefined : ['--samples', String(request.samples)],
    ['--valid-fraction', String(request.validFraction)],
    ['--seed', String(request.seed)],
    request.shuffle ? undefined : ['--no-shuffle', ''],
    ['--long', request.long],
    request.keepDuplicates.length === 0 ? undefined : ['--keep-duplicates', request.keepDuplicates.join(',')],
    request.koColumn === undefined ? undefined : ['--ko-column', request.koColumn],
    request.enColumn === undefined ? undefined : ['--en-column', request.enColumn],
    request.teacherTokenizer === undefined ? undefined : ['--teacher-tokenizer', request.teacherTokenizer],
    request.studentTokenizer === undefined ? undefined : ['--student-tokenizer', request.studentTokenizer],
  ];
  const given = options.filter((option) => option !== undefined);
  const preparation = { folder, sources, teacher, student, options: given, report };
  return reportPage({ kind: 'preparation', ...pageFacts(), ...preparation }, await readPageAssets());
}

/** The page of an evaluation. */
export async function evaluationPage(evaluations: RunEvaluations): Promise<string> {
  return reportPage({ kind: 'evaluation', ...pageFacts(), evaluations }, await readPageAssets());
}

const pageFacts = (): { written: string; kd: string; live: false } => ({
  written: new Date().toISOString(),
  kd: VERSION,
  live: false,
});
