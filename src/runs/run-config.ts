/** @file A run's `config.json`, as other commands read it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, messageOf } from '../errors.js';
import { fileError } from '../files.js';
import { RUN_CONFIG } from './run-folder.js';

/** What can be relied on in the configuration of a run. */
export interface RunConfig {
  /** When it was started, ISO 8601. */
  readonly created: string;
  /** All options of `kd train`, by their names in its help, in camel case. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly teacher: RunConfigModel;
  readonly student: RunConfigModel;
  readonly data: { readonly fingerprint: string; readonly training_pairs: number; readonly validation_pairs: number; readonly store: string };
}

export interface RunConfigModel {
  /** The hub id or folder that it started from. */
  readonly source: string;
  readonly parameters: number;
}

/** Whether a folder is a run's: a model's folder has a `config.json`, too, but another. */
export async function isRun(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, RUN_CONFIG), 'utf8').catch(() => '');
  return isRunConfig(parsed(text));
}

/**
 * Reads the configuration of a run.
 *
 * @throws InputError where there is none, or something else under its name
 */
export async function readRunConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, RUN_CONFIG);
  const text = await readFile(path, 'utf8').catch((error: unknown) => { throw fileError(path, 'cannot be read', error); });
  const config = parsed(text);
  if (isRunConfig(config)) return config;
  const found = config instanceof Error ? messageOf(config) : 'another JSON file';
  throw new InputError(`${path}: expected the configuration of a run, with settings, teacher, student and data, got ${found}; name a folder that kd train made`);
}

/** The contents of a JSON text, or why it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

function isRunConfig(json: unknown): json is RunConfig {
  const config = json as Partial<RunConfig> | null;
  if (typeof config !== 'object' || config === null) return false;
  const isModel = (model: RunConfigModel | undefined): boolean => typeof model?.source === 'string';
  return typeof config.settings === 'object' && isModel(config.teacher) && isModel(config.student) && typeof config.data?.store === 'string';
}
