import { relative } from 'node:path';
import { messageOf } from '../../base/errors.js';
import { writeReport } from '../../report/write-report.js';
import { reportCommand } from '../../training/ending.js';
import type { Output } from '../../app/output.js';
import { updateTranslations, type EncodeOptions } from '../../report/encode-translations.js';

/** What may be added to the end of a training for its report. */
const MOST_SECONDS = 2;

/**
 * Writes the report of a run that has just ended.
 *
 * @param encodes whether its held-out sentences are encoded, where that takes no more than two seconds: not for a run
 *   that was stopped, whose user waits for the end
 * @returns the page's path, from the current folder; undefined where it could not be written, which is said: the run is
 *   none the worse for it
 */
export async function reportAfterTraining(
  run: string,
  where: Omit<EncodeOptions, 'mostSeconds'>,
  output: Output,
  { encodes }: { readonly encodes: boolean },
): Promise<string | undefined> {
  try {
    if (encodes)
      await updateTranslations(run, { ...where, mostSeconds: MOST_SECONDS }, output).catch((error: unknown) => {
        output.warn(`no translations in the report: ${messageOf(error)}`);
      });
    return relative('.', await writeReport(run));
  } catch (error) {
    output.warn(`no report: ${messageOf(error)}; fix that, then write it with: ${reportCommand(run)}`);
    return undefined;
  }
}
