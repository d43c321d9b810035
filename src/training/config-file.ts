/** @file `--config`: settings from a file, a run's `config.json` or YAML. */
import { KD } from '../base/own-command.js';
import { InputError } from '../base/errors.js';
import { formatCount } from '../base/format.js';
import { anyObject, checkJson, isObject, type JsonObject } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import { TEXTS } from '../base/kinds.js';
import { readText } from '../data/text-file.js';
import { LARGEST_CONFIG } from '../runs/run-list.js';
import { checkAsked } from './check-settings.js';
import { isSetting, SETTINGS, withEarlier, type AskedSettings } from './settings.js';

/**
 * The settings in a file: a run's `config.json`, or the settings alone as JSON or YAML, by their names there. Of a
 * run's, all but its name.
 *
 * @throws InputError for a file that cannot be read or is neither, and for what is no setting
 */
export async function readConfigFile(path: string): Promise<Partial<AskedSettings>> {
  const text = await readText(path, LIMIT);
  const parsed = /^\s*\{/.test(text) ? parseJson(text, path, ADVICE) : await parseYaml(text, path);
  const contents = checkJson(anyObject, parsed, path, ADVICE);
  return checkAsked(normalised(settingsIn(contents)), path);
}

const ADVICE = `name a run's config.json, or what ${KD} train --print writes`;

const LIMIT = { most: LARGEST_CONFIG, remedy: ADVICE };

/** The longest YAML, in characters: the time that its parser takes grows with the square of the number of settings. */
const LONGEST_YAML = 2 ** 18;

/** YAML 1.2. What its aliases stand for is limited by the library. */
async function parseYaml(text: string, path: string): Promise<unknown> {
  if (text.length > LONGEST_YAML)
    throw new InputError(
      `${path}: expected YAML of at most ${formatCount(LONGEST_YAML)} characters, got ${formatCount(text.length)}; ` +
        ADVICE,
    );
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined)
    throw new InputError(
      `${path}: expected YAML, got in line ${lines.linePos(error.pos[0]).line} ${error.message}; ${ADVICE}`,
    );
  try {
    return document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error; // an alias for nothing, or for far too much
    throw new InputError(`${path}: expected YAML, got ${error.message}; ${ADVICE}`);
  }
}

/**
 * The settings, which in a run's configuration are a part: with what the run did where it is older than a setting, and
 * the precision that the machine chose, so that losses are equal. Not its name: a run of that name is there already.
 */
function settingsIn(contents: JsonObject): JsonObject {
  const { settings, engine } = contents;
  if (!isObject(settings)) return contents;
  const isChosen =
    settings.precision === 'auto' &&
    isObject(engine) &&
    (engine.precisionReason !== undefined || engine.precision === 'bf16');
  const chosen = withEarlier(isChosen ? { ...settings, precision: engine.precision } : settings);
  return Object.fromEntries(Object.entries(chosen).filter(([name]) => name !== 'run'));
}

/** Leaves out what is empty, and takes one text where several may stand. */
function normalised(settings: JsonObject): Partial<AskedSettings> {
  const entries = Object.entries(settings).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      isSetting(name) && SETTINGS[name].kind === TEXTS && typeof value === 'string' ? [value] : value,
    ]),
  );
}
