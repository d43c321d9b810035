/** @file The self-contained pages of a preparation and of an evaluation. */
import { VERSION } from '../base/version.js';
import type { RunEvaluations } from '../evaluate/evaluation.js';
import { readPageAssets, reportPage } from './page.js';
import type { PreparationData } from './pages.js';

/** The page of a preparation. */
export async function preparationPage(
  preparation: Omit<PreparationData, 'kind' | 'written' | 'kd' | 'live'>,
): Promise<string> {
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
