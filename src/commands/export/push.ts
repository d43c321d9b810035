import { pushFolder, type PushTarget } from '../../export/push.js';
import type { Output } from '../../app/output.js';
import type { Progress } from '../../app/reporter.js';

/** Uploads an export, showing a progress bar. */
export async function push(folder: string, target: PushTarget, output: Output): Promise<void> {
  let bar: Progress | undefined;
  try {
    const { url, created } = await pushFolder(folder, target, ({ bytesDone, bytesTotal }) => {
      bar ??= output.progress(`uploading to ${target.name}`, bytesTotal, 'bytes');
      bar.update(bytesDone);
    });
    bar?.stop();
    output.result(`${url}: uploaded${created ? ' to a new, private repository' : ''}`, {
      event: 'pushed',
      url,
      created,
    });
  } finally {
    bar?.stop();
  }
}
