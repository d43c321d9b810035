/** @file `--config`: reads settings from a file, either a run's `config.json` or YAML. */
import { KD } from '../base/own-command.js';
import { firstDuplicateKey } from '../base/duplicate-key.js';
import { InputError, printable } from '../base/errors.js';
import { formatCount } from '../base/format.js';
import { anyObject, checkJson, isObject, type JsonObject } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import { TEXTS } from '../base/kinds.js';
import { readText } from '../data/text-file.js';
import { LARGEST_CONFIG } from '../runs/run-list.js';
import { checkRequested } from './check-settings.js';
import { isSetting, SETTINGS, withLegacyDefaults, type RequestedSettings } from './settings.js';

/**
 * Reads settings from a run's `config.json`, or from JSON or YAML with the same names. The name of a run is left out.
 *
 * @throws InputError for a file that cannot be read or parsed, or has unknown settings
 */
export async function readConfigFile(path: string): Promise<Partial<RequestedSettings>> {
  const text = await readText(path, LIMIT);
  if (text.trim() === '') throw new InputError(`${path}: expected settings, got an empty file; ${ADVICE}`);
  const parsed = /^\s*\{/.test(text) ? parseJsonOnce(text, path) : await parseYaml(text, path);
  const contents = checkJson(anyObject, parsed, path, ADVICE);
  return checkRequested(normalised(settingsIn(contents)), path);
}

const ADVICE = `name a run's config.json, or what ${KD} train --print writes`;

const LIMIT = { most: LARGEST_CONFIG, remedy: ADVICE };

/** Parses JSON whose objects have each key once. */
function parseJsonOnce(text: string, path: string): unknown {
  const parsed = parseJson(text, path, ADVICE);
  const repeated = firstDuplicateKey(text);
  if (repeated !== undefined) throw twice(path, repeated);
  return parsed;
}

function twice(where: string, key: string): InputError {
  return new InputError(`${where}: expected each setting once, got ${printable(key)} twice; leave one out`);
}

/** The longest YAML in characters: parsing time grows with the square of the number of settings. */
const LONGEST_YAML = 2 ** 18;

/** Parses YAML 1.2. The library limits alias expansion. */
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
  if (error !== undefined) {
    const where = `${path} line ${lines.linePos(error.pos[0]).line}`;
    if (error.code === 'DUPLICATE_KEY') throw twice(where, /^[^:\n]*/.exec(text.slice(error.pos[0]))![0].trim());
    if (error.code === 'MULTIPLE_DOCS')
      throw new InputError(`${where}: expected one YAML document, got another after ---; leave one out`);
    throw new InputError(`${where}: expected YAML, got a mistake: ${error.message}; ${ADVICE}`);
  }
  try {
    return document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error; // an undefined alias, or one that expands too far
    throw new InputError(`${path}: expected YAML, got ${error.message}; ${ADVICE}`);
  }
}

/**
 * The settings part of a run's configuration, filled in with what the run did about settings newer than itself, and
 * with the precision that the machine chose, so that losses are equal. The name is left out, since that run already
 * exists.
 */
function settingsIn(contents: JsonObject): JsonObject {
  const { settings, engine } = contents;
  if (!isObject(settings)) return contents;
  const isChosen =
    settings.precision === 'auto' &&
    isObject(engine) &&
    (engine.precisionReason !== undefined || engine.precision === 'bf16');
  const chosen = withLegacyDefaults(isChosen ? { ...settings, precision: engine.precision } : settings);
  return Object.fromEntries(Object.entries(chosen).filter(([name]) => name !== 'run'));
}

/** Drops empty values, and wraps a single text where a list is allowed. */
function normalised(settings: JsonObject): Partial<RequestedSettings> {
  const entries = Object.entries(settings).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      isSetting(name) && SETTINGS[name].kind === TEXTS && typeof value === 'string' ? [value] : value,
    ]),
  );
}
