/** @file The process that embeds texts. Started by `embedding.ts`, it receives one task and sends back the result. */
import { embedTexts } from '../../diffusion/embeddings.js';
import { messageOf } from '../../base/errors.js';
import { inputFailure } from '../../base/input-failure.js';
import { leaveSignalsToParent } from '../../base/stop-signals.js';
import { openPretrained, openRandom, projectedTo } from '../../models/pretrained.js';
import { loadTokenizer } from '../../text/tokenizer.js';
import { startEncoder } from '../open-encoder.js';
import { checkManifest, trustChecked } from '../../weights/manifest.js';
import type { EmbeddingResult, SentTask } from './embedding.js';

leaveSignalsToParent();
process.on('disconnect', () => {
  process.exit();
}); // the parent has gone
process.once('message', (task: SentTask) => {
  void embed(task)
    .catch((error: unknown): EmbeddingResult => {
      const code = inputFailure(error)?.code;
      return { error: messageOf(error), code, stack: error instanceof Error ? error.stack : undefined };
    })
    .then((answer) => process.send!(answer));
});

async function embed({
  texts,
  folder,
  tokenizerFolder,
  isRandom,
  seed,
  width,
  where,
  backend,
  device,
  checked,
}: SentTask): Promise<EmbeddingResult> {
  trustChecked(checked);
  for (const [each] of checked) await checkManifest(each); // free, unless a file has been modified since
  const model = projectedTo(
    width,
    isRandom ? await openRandom(folder, seed) : await openPretrained(folder, seed),
    seed,
  );
  const warnings: string[] = [];
  const engine = await startEncoder(
    { model },
    { backend, device },
    {
      warn: (text) => {
        warnings.push(text);
      },
    },
  );
  return { embeddings: await embedTexts(texts, await loadTokenizer(tokenizerFolder), engine, where), warnings };
}
