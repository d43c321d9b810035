/** @file Exports a model. */
import { basename, join, resolve } from 'node:path';
import type { EncoderEngine } from '../engine/encoder-engine.js';
import { writeFileAtomic } from '../base/files.js';
import { exportedConfig } from '../models/exported-config.js';
import { parsePythonJson } from '../base/python-json.js';
import type { TextTokenizer } from '../text/tokenizer.js';
import type { RunConfigModel } from '../runs/run-config.js';
import { VERSION } from '../base/version.js';
import { originOf } from '../weights/origin.js';
import { encodeReference } from './check.js';
import { writeExportFolder } from './export-folder.js';
import { checkFormat, checkFormatWritten, LAYOUT, writeFormat, type ModelToExport } from './formats.js';
import type { Format } from './format.js';
import { modelCard } from './model-card.js';
import type { CardModel } from './card-contents.js';
import { tokenizerClass } from './tokenizer-files.js';
import { readTrainingRecord } from './training-record.js';

/** What to export, and where to. */
export interface ExportOptions extends ModelToExport {
  readonly tokenizer: TextTokenizer;
  readonly format: Format;
  readonly to: string;
  /** The hub id or folder it is exported from. */
  readonly source: string;
  /** The folder of the run that trained it. */
  readonly run?: string | undefined;
  /** Ends the export, leaving nothing behind. */
  readonly signal?: AbortSignal | undefined;
}

/** The stages of an export, in order. */
export type ExportStage = 'reading' | 'writing' | 'comparing';

/**
 * Writes an export with its model card, reopens it and compares its outputs with the model's, then moves it into place.
 *
 * @param startEngine loads the model to compare with
 * @param onStage called at the beginning of each stage; what it throws ends the export
 * @returns the largest difference between the outputs
 * @throws InputError for a folder with other contents, a model that the format cannot represent, and a file that cannot
 *   be written; the reason of an aborted signal
 */
export async function exportModel(
  options: ExportOptions,
  startEngine: () => Promise<EncoderEngine>,
  onStage: (stage: ExportStage) => void,
): Promise<number> {
  const { format, to, source, run, signal } = options;
  checkFormat(format, options.model);
  let difference = Infinity;
  await writeExportFolder(to, async (folder) => {
    onStage('reading');
    const reference = await encodeReference(await startEngine(), options.tokenizer);
    onStage('writing');
    await writeFormat(folder, format, options);
    await writeFileAtomic(join(folder, 'README.md'), await cardOf(options, folder));
    onStage('comparing');
    difference = await checkFormatWritten(folder, format, options.model.encoder, reference);
    signal?.throwIfAborted();
    return {
      format,
      source,
      ...(run === undefined ? {} : { run: basename(run) }),
      kd: VERSION,
      texts_compared: reference.size,
      largest_difference: difference,
    };
  });
  return difference;
}

async function cardOf({ model, format, to, source, run }: ExportOptions, folder: string): Promise<string> {
  const {
    architectures: [architecture],
  } = parsePythonJson(exportedConfig(model.configJson)) as { architectures: [string] };
  const training = run === undefined ? undefined : await readTrainingRecord(run, source);
  const originIn = async ({ source: from, origin }: Omit<RunConfigModel, 'parameters'>): Promise<CardModel> => ({
    source: from,
    origin: origin ?? (await originOf(from)),
  });
  return modelCard({
    name: basename(resolve(to)),
    format,
    encoder: model.encoder,
    architecture,
    tokenizer: await tokenizerClass(join(folder, LAYOUT[format].tokenizer)),
    exported: await originIn({ source }),
    training,
    teacher: training && (await originIn(training.config.teacher)),
    student: training && (await originIn(training.config.student)),
  });
}
