/** @file A run's `config.json`: what it was begun with. Written by this tool, but read as anybody's. */
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { writeFileAtomic } from '../base/files.js';
import { readRegularFile } from '../base/regular-file.js';
import type { ModelOrigin } from '../weights/origin.js';
import { parseJson } from '../base/parse-json.js';
import { LARGEST_CONFIG, nextOrder } from './run-list.js';
import { RUN_CONFIG } from './run-names.js';
import type { Fingerprints } from './trainer-state.js';

/** What can be relied on in the configuration of a run. */
export interface RunConfig {
  /** When it was begun, ISO 8601. */
  readonly created: string;
  /** All options of `kd train`, by their names in its help, in camel case. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly fingerprints: Fingerprints;
  readonly teacher: RunConfigModel;
  readonly student: RunConfigModel;
  readonly data: {
    readonly fingerprint: string;
    readonly training_pairs: number;
    readonly validation_pairs: number;
    readonly store: string;
  };
  /** What computes. */
  readonly engine: Readonly<Record<'engine' | 'precision' | 'device' | 'backend', string>>;
  /** Every time that it went on. */
  readonly resumed?: readonly { readonly step: number; readonly time: string }[];
}

export interface RunConfigModel {
  /** The hub id or folder that it started from. */
  readonly source: string;
  /** Which of the two it was when it was opened; absent in runs of earlier versions. */
  readonly origin?: ModelOrigin;
  readonly parameters: number;
}

/**
 * Reads the configuration of a run.
 *
 * @throws InputError where there is none, or something else under its name
 */
export async function readRunConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, RUN_CONFIG);
  try {
    return parseRunConfig((await readRegularFile(path, LARGEST_CONFIG)).toString('utf8'), path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      `${error.message}; restore it from a copy, or use the run's checkpoints without it, as kd encode does`,
      { cause: error },
    );
  }
}

/** What each part of a configuration has at least, and of which type. */
const PARTS: Readonly<Record<string, Readonly<Record<string, 'string' | 'number'>>>> = {
  settings: {},
  fingerprints: {},
  teacher: { source: 'string', parameters: 'number' },
  student: { source: 'string', parameters: 'number' },
  data: { fingerprint: 'string', training_pairs: 'number', validation_pairs: 'number', store: 'string' },
  engine: { engine: 'string', precision: 'string', device: 'string', backend: 'string' },
};

/**
 * Reads the text of a `config.json`.
 *
 * @param where begins the message of an error
 * @throws InputError that names the first part that is not as it should be
 */
export function parseRunConfig(text: string, where: string): RunConfig {
  const config = parseJson(text, where);
  const found = firstMissing(config);
  if (found === undefined) return config as RunConfig;
  throw new InputError(`${where}: expected the configuration of a run, got a file without ${found}`);
}

/** The first thing a configuration lacks, such as `student.source`; undefined for a complete one. */
function firstMissing(config: unknown): string | undefined {
  if (!isRecord(config)) return Object.keys(PARTS)[0];
  if (typeof config.created !== 'string') return 'created';
  for (const [part, fields] of Object.entries(PARTS)) {
    const value = config[part];
    if (!isRecord(value)) return part;
    for (const [name, type] of Object.entries(fields)) if (typeof value[name] !== type) return `${part}.${name}`;
  }
  const wrong = Object.entries(config.fingerprints as object).find(([, value]) => typeof value !== 'string');
  if (wrong !== undefined) return `fingerprints.${wrong[0].slice(0, 60)}`;
  return config.resumed === undefined || Array.isArray(config.resumed) ? undefined : 'a list of when it was resumed';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where a run's models and data are when it resumes. */
export interface RunSources {
  readonly teacher: string;
  readonly student: string;
  /** The folder of the token store. */
  readonly store: string;
}

/** Records that a run resumes from a step with some settings, which makes it the newest run. Only under the run's lock. */
export async function noteResumed(
  folder: string,
  config: RunConfig,
  settings: object,
  step: number,
  sources?: RunSources,
): Promise<void> {
  const moved = sources && {
    teacher: { ...config.teacher, source: sources.teacher },
    student: { ...config.student, source: sources.student },
    data: { ...config.data, store: sources.store },
  };
  const noted = {
    ...config,
    order: await nextOrder(folder),
    settings,
    ...moved,
    resumed: [...(config.resumed ?? []), { step, time: new Date().toISOString() }],
  };
  await writeFileAtomic(join(folder, RUN_CONFIG), `${JSON.stringify(noted, null, 2)}\n`);
}
