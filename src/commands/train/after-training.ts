import { relative } from 'node:path';
import { messageOf } from '../../base/errors.js';
import { writeReport } from '../../report/write-report.js';
import { reportCommand } from '../../training/resume-command.js';
import type { Output } from '../../app/output.js';
import { updateTranslations, type EncodeOptions } from '../../report/update-translations.js';

/** The most time that the report may add to the end of a run. */
const MAX_SECONDS = 2;

/**
 * Writes the report of a run that has just ended.
 *
 * @param encodes whether to encode held-out sentences, if that takes no more than two seconds; false for a stopped run,
 *   as the user is waiting
 * @returns the page's path relative to the current folder; undefined, after a warning, if it could not be written
 */
export async function reportAfterTraining(
  run: string,
  where: Omit<EncodeOptions, 'maxSeconds'>,
  output: Output,
  { encodes }: { readonly encodes: boolean },
): Promise<string | undefined> {
  try {
    if (encodes)
      await updateTranslations(run, { ...where, maxSeconds: MAX_SECONDS }, output).catch((error: unknown) => {
        output.warn(`no translations in the report: ${messageOf(error)}`);
      });
    return relative('.', await writeReport(run));
  } catch (error) {
    output.warn(`no report: ${messageOf(error)}; fix that, then write it with: ${reportCommand(run)}`);
    return undefined;
  }
}
