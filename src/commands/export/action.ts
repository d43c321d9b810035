/** @file What `kd export` does. */
import type { DeviceChoice } from '../../tensorflow/device-choice.js';
import type { BackendChoice } from '../../tensorflow/backend-choice.js';
import type { Format } from '../../export/format.js';
import type { Output } from '../../app/output.js';
import { exportStudent } from '../../app/export-student.js';
import { pushTarget } from '../../export/push.js';
import { push } from './push.js';

/** The flags of `kd export`. */
export interface ExportFlags {
  readonly to: string;
  readonly format: Format;
  readonly tokenizer?: string;
  readonly push?: string;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

/** Exports a student, and uploads it where that is asked for. */
export async function exportTo(name: string, flags: ExportFlags, output: Output): Promise<void> {
  const { to, format } = flags;
  const target = flags.push === undefined ? undefined : await pushTarget(flags.push, '--push');
  const { model, largestDifference } = await exportStudent({ ...flags, model: name }, output);
  const compared =
    largestDifference === 0 ? 'outputs are equal' : `outputs differ by at most ${largestDifference.toExponential(1)}`;
  output.result(`${to}: ${name} for ${format}, opened again and compared: ${compared}`, {
    event: 'exported',
    model,
    to,
    format,
    largest_difference: largestDifference,
  });
  if (target !== undefined) await push(to, target, output);
}
