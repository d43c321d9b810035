/** @file The parts of a run's report that come from other files than its logs. */
import { isObject } from '../base/json-schema.js';
import { readReport, type PrepareReport } from '../data/prepare/report.js';
import { recipeOf } from '../training/recipes.js';
import { flagOf, isDefault } from '../training/settings.js';
import { messageOf } from '../base/errors.js';
import { readEvaluations } from '../evaluate/evaluation-file.js';
import { readBaselines } from '../runs/baselines-file.js';
import type { RunConfig } from '../runs/run-config.js';
import { readEnding } from '../runs/run-ending.js';
import { runArgument } from '../runs/run-names.js';
import { storePlaces } from '../runs/run-store.js';
import { formatCount, formatHash } from '../base/format.js';
import { contactSheet } from './contact-sheet.js';
import { withRunNames } from './evaluated-runs.js';
import { evaluateCommand, repeatCommand } from './shell-commands.js';
import { filmStrips, type FrameCache } from './film-strips.js';
import type { Entry, Sections } from './report-data.js';
import { readTranslations } from './translations-file.js';

/**
 * The parts of a report that do not come from the logs.
 *
 * @param frames frames of film strips that have already been scaled down
 */
export async function sectionsOf(folder: string, config: RunConfig, frames?: FrameCache): Promise<Sections> {
  const problems: string[] = [];
  await orProblem(readEnding(folder), problems);
  await orProblem(readBaselines(folder), problems);
  const data = await orProblem(readDataReport(folder, config), problems);
  const evaluations = await orProblem(
    readEvaluations(folder).then((kept) => kept && withRunNames(kept)),
    problems,
  );
  const translations = await readTranslations(folder);
  const previews = await filmStrips(folder, config, problems, frames);
  const pictures = await contactSheet(folder, problems);
  const { recipe } = config.settings;
  const published = recipeOf(recipe)?.published;
  return {
    settings: settingsOf(config),
    commands: {
      repeat: repeatCommand(folder),
      evaluate: evaluateCommand(['clip', runArgument(folder)]),
    },
    environment: environmentOf(config),
    ...(data === undefined ? {} : { data }),
    ...(evaluations === undefined ? {} : { evaluations }),
    ...(translations === undefined ? {} : { translations }),
    ...(previews === undefined ? {} : { previews }),
    ...(pictures === undefined ? {} : { pictures }),
    ...(published === undefined ? {} : { published: { ...published, recipe: String(recipe) } }),
    problems,
  };
}

/** A value, or undefined if it is not available, which is added to `problems`. */
async function orProblem<T>(value: Promise<T | undefined>, problems: string[]): Promise<T | undefined> {
  return value.catch((error: unknown) => {
    problems.push(messageOf(error));
    return undefined;
  });
}

/** The report of the data's preparation. */
async function readDataReport(folder: string, { data }: RunConfig): Promise<PrepareReport | undefined> {
  for (const place of storePlaces(folder, data.store)) {
    const report = await readReport(place);
    if (report !== undefined) return report;
  }
  return undefined;
}

/** Settings as command-line flags, without switches and values that were not given. */
function settingsOf({ settings }: RunConfig): Entry[] {
  return Object.entries(settings).flatMap(([name, value]): Entry[] => {
    if (value === undefined || value === null) return [];
    const flag = flagOf(name, value);
    if (typeof value === 'boolean') return isDefault(name, value) ? [] : [[flag, '']];
    return [[flag, Array.isArray(value) ? value.map(textOf).join(' ') : textOf(value)]];
  });
}

/** Parts of a configuration that are shown elsewhere or only needed for resuming. */
const NOT_ENVIRONMENT = ['created', 'settings', 'teacher', 'student', 'data', 'fingerprints', 'resumed', 'order'];

/** Engine internals, and duplicates. */
const INTERNAL = ['fused', 'teacherParts', 'version'];

/**
 * The configuration's facts about machine, versions and data; anything not excluded is shown, so that new facts are,
 * too.
 */
function environmentOf(config: RunConfig): Entry[] {
  const groups = Object.entries(config).filter(([name]) => !NOT_ENVIRONMENT.includes(name));
  return [
    ['created', config.created],
    ...groups.flatMap(([, group]): Entry[] =>
      isObject(group)
        ? Object.entries(group).flatMap(([name, value]): Entry[] =>
            INTERNAL.includes(name) ? [] : [[name, textOf(value)]],
          )
        : [],
    ),
    ['teacher', formatCount(config.teacher.parameters)],
    ['student', formatCount(config.student.parameters)],
    ['data', config.data.store],
    ['fingerprint', formatHash(config.data.fingerprint)],
  ];
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
