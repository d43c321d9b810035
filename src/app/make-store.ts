/** @file Makes a token store, showing two progress bars; used by `kd prepare` and `kd train`. */
import type { RowTokenizers } from '../data/prepare/row-encoder.js';
import { prepareStore, type PrepareOptions } from '../data/prepare/prepare.js';
import type { PrepareReport } from '../data/prepare/report.js';
import type { Progress, Reporter } from './reporter.js';
import { formatDuration, formatRate } from '../base/format.js';
import { TOKENIZER_MODULE, type TokenizerFolders } from './row-tokenizers.js';

/** What to make a token store from, and where. */
export interface StoreRequest extends Pick<
  PrepareOptions,
  'paths' | 'sources' | 'out' | 'settings' | 'signal' | 'threads'
> {
  readonly tokenizers: RowTokenizers;
  /** Where worker threads find the tokenizers; undefined to use no threads. */
  readonly tokenizerFolders: TokenizerFolders | undefined;
}

/** Makes the store and shows progress. */
export async function makeStore(request: StoreRequest, reporter: Reporter): Promise<PrepareReport> {
  const { tokenizerFolders, ...rest } = request;
  const started = performance.now();
  let reading: Progress | undefined;
  let encoding: Progress | undefined;
  try {
    return await prepareStore(
      {
        ...rest,
        ...(tokenizerFolders && { threadTokenizers: { tokenizerModule: TOKENIZER_MODULE, tokenizerFolders } }),
      },
      {
        onRead(rows, estimate) {
          reading ??= reporter.progress('reading', Infinity, 'rows');
          const rate = (1000 * rows) / (performance.now() - started);
          reading.update(rows, [
            `about ${formatDuration((estimate - rows) / rate)} left`,
            `${formatRate(rate)} rows/s`,
          ]);
        },
        onEncoded(pairs, total) {
          reading?.stop();
          encoding ??= reporter.progress('encoding', total, 'pairs');
          encoding.update(Math.min(pairs, total));
        },
      },
    );
  } finally {
    reading?.stop();
    encoding?.stop();
  }
}
