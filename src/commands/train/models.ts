/** @file The two models of a run with their tokenizers: from folders, from the hub, or drawn at random. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../errors.js';
import { readConfig } from '../../models/config.js';
import { openPretrained, publishedConfig, randomModel, type PretrainedModel } from '../../models/pretrained.js';
import { countParameters } from '../../models/text-encoder.js';
import { loadTokenizer, TOKENIZER_FILES, type TextTokenizer } from '../../text/tokenizer.js';
import type { ModelPart } from '../../weights/hub.js';
import { formatCount, type Output } from '../console.js';
import { fetchModel } from '../fetch-model.js';
import type { TrainSettings } from './settings.js';

/** A model of a run. Without a tokenizer (a published configuration, offline) its batches are random ids. */
export interface RunModel {
  readonly role: 'teacher' | 'student';
  readonly source: string;
  readonly model: PretrainedModel;
  readonly tokenizer?: TextTokenizer;
  /** Paths of the tokenizer's files, which go along with every checkpoint. */
  readonly tokenizerFiles: readonly string[];
}

/** Opens one of the run's models, and says what there is to say about it. */
export async function openRunModel(role: RunModel['role'], settings: TrainSettings, output: Output, mayLackWeights: boolean): Promise<RunModel> {
  const source = settings[role];
  const published = publishedConfig(source);
  const model = await openModel();
  if (model.fresh.length > 0 && !settings.randomWeights) sayFresh(model);
  return { role, source, model, ...(await openTokenizer()) };

  async function openModel(): Promise<PretrainedModel> {
    if (settings.randomWeights && published !== undefined) return randomModel(published, {}, settings.seed);
    try {
      const folder = await fetchFolder(source, settings.randomWeights ? ['config'] : ['config', 'weights']);
      if (!settings.randomWeights) return await openPretrained(folder, settings.seed);
      const { config, json } = await readConfig(folder);
      return randomModel(config, json, settings.seed);
    } catch (error) {
      if (!mayLackWeights || published === undefined || !(error instanceof InputError)) throw error;
      output.warn(`${error.message}; going on with its published shape and random weights`);
      return randomModel(published, {}, settings.seed);
    }
  }

  async function openTokenizer(): Promise<Pick<RunModel, 'tokenizer' | 'tokenizerFiles'>> {
    const elsewhere = role === 'teacher' ? settings.teacherTokenizer : settings.studentTokenizer;
    try {
      const folder = await fetchFolder(elsewhere ?? source, ['tokenizer']);
      return { tokenizer: await loadTokenizer(folder), tokenizerFiles: await tokenizerFiles(folder) };
    } catch (error) {
      const randomIds = mayLackWeights && elsewhere === undefined && published !== undefined;
      if (!randomIds || !(error instanceof InputError)) throw error;
      output.warn(`no tokenizer for ${source}: its batch is random ids`);
      return { tokenizerFiles: [] };
    }
  }

  function sayFresh({ fresh, encoder }: PretrainedModel): void {
    if (fresh.length === Object.keys(encoder.shapes).length) return; // said above
    output.message(`${role}: ${source} lacks ${fresh.join(', ')}; they start afresh`);
  }

  function fetchFolder(idOrFolder: string, parts?: readonly ModelPart[]): Promise<string> {
    return fetchModel(idOrFolder, `--${role}`, output, parts);
  }
}

/** `teacher: openai/clip-vit-large-patch14, 123,060,480 parameters, width 768` */
export function describeModel({ role, source, model }: RunModel): string {
  return `${role}: ${source}, ${formatCount(countParameters(model.encoder.shapes))} parameters, width ${model.encoder.config.hiddenSize}`;
}

/** The tokenizer's files that a folder has. */
async function tokenizerFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return TOKENIZER_FILES.filter((name) => names.includes(name)).map((name) => join(folder, name));
}
