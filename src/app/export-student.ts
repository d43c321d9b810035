/** @file Exports a student for other tools: opens the model, writes it, and checks the export against it. */
import { itemsUntilAborted } from '../base/abort.js';
import { checkExportFolder } from '../export/export-folder.js';
import { exportModel } from '../export/export-model.js';
import type { Format } from '../export/format.js';
import { whileThere } from '../runs/removed-checkpoint.js';
import type { BackendChoice } from '../tensorflow/backend-choice.js';
import type { DeviceChoice } from '../tensorflow/device-choice.js';
import { openEncoder, startEncoder } from './open-encoder.js';
import type { Reporter } from './reporter.js';

/** What to export, and where to. */
export interface ExportRequest {
  /** `roberta`, a run, a checkpoint of one, a folder or a hub id. */
  readonly model: string;
  /** The folder of the export: new, empty, or an earlier export. */
  readonly to: string;
  readonly format: Format;
  /** Where its tokenizer is, if not with the model. */
  readonly tokenizer?: string;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

/** The outcome of an export. */
export interface ExportedStudent {
  /** The folder or hub id that the name referred to. */
  readonly model: string;
  /** The largest difference between the outputs of the model and of the reopened export. */
  readonly largestDifference: number;
}

/**
 * Exports a student for other tools.
 *
 * @throws InputError for a folder with other contents, and a model that is not available or that the format cannot
 *   represent; the reporter's abort reason. Nothing is left behind then
 */
export async function exportStudent(request: ExportRequest, reporter: Reporter): Promise<ExportedStudent> {
  const { model: name, to, format, tokenizer } = request;
  await checkExportFolder(to); // before the model is read, which takes longer
  const opened = await openEncoder({ name, flag: 'export', tokenizer, tokenizerFlag: '--tokenizer' }, reporter);
  const { fresh } = opened.model;
  if (fresh.length > 0) reporter.warn(`${name} lacks ${fresh.join(', ')}: the export has random values in their place`);
  const { signal } = reporter;
  const model = { ...opened.model, parameters: () => itemsUntilAborted(opened.model.parameters(), signal) };
  const largestDifference = await whileThere(opened.source, `export ${name}`, () =>
    exportModel(
      { ...opened, model, format, to, signal },
      () => startEncoder(opened, request, reporter),
      (stage) => {
        reporter.message(`${stage} …`);
        signal?.throwIfAborted();
      },
    ),
  );
  return { model: opened.source, largestDifference };
}
