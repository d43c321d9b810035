/** @file What `kd prepare` does. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/files.js';
import { reportEnd } from '../../app/reported-error.js';
import type { Output } from '../../app/output.js';
import { EXIT } from '../failure.js';
import { formatCounted, formatDuration } from '../../base/format.js';
import { onStopSignals } from '../../base/stop-signals.js';
import { preparePairs, type PrepareRequest } from '../../app/prepare-pairs.js';
import { preparationPage } from '../../report/write-results.js';
import { reportTables } from '../../app/preparation-text.js';

/** The flags of `kd prepare`. */
export interface PrepareFlags extends PrepareRequest {
  readonly report?: boolean;
}

const STOPPED = { code: 'STOPPED', message: 'stopped; nothing was written' };

/** The report page, in the store's folder. */
const PAGE_FILE = 'report.html';

/** Prepares pairs and prints what became of them. */
export async function prepare(flags: PrepareFlags, output: Output): Promise<void> {
  const { out } = flags;
  const started = performance.now();
  let isWriting = false;
  const stop = onStopSignals({
    onRequest: () => {
      if (isWriting) return;
      reportEnd(STOPPED, output);
      process.exit(EXIT.stopped);
    },
  });
  const onWriting = (): void => {
    isWriting = true;
  };
  try {
    const report = await preparePairs({ ...flags, onWriting }, { ...output, signal: stop.signal });
    const page = join(out, PAGE_FILE);
    if (flags.report === true) await writeFileAtomic(page, await preparationPage(flags, report));
    output.result(reportTables(report, output.columns), { event: 'prepared', out, ...report });
    const pairs = report.total.training + report.total.validation;
    output.message(
      `\n${out}: ${formatCounted(pairs, 'pair')} in ${formatDuration((performance.now() - started) / 1000)}`,
    );
    if (flags.report === true) output.message(`report: ${page}`);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    reportEnd(STOPPED, output);
    process.exitCode = EXIT.stopped;
  } finally {
    stop.dispose();
  }
}
