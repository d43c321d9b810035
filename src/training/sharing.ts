/** @file What the processes that share out a run's steps must have alike, and what each has of its own. */
import { KD } from '../base/own-command.js';
import type { Ranks } from '../cluster/ranks.js';
import { InputError } from '../base/errors.js';
import { checkJson, mapOf, text } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import type { DevicePlace, EngineInfo } from './engine-parts.js';
import { flagOf, SETTING_NAMES, shownSetting, type AskedSettings, type SettingName } from './settings.js';

/** Settings by which a process finds what all have: the same data and models, or devices of its own. */
const OWN: ReadonlySet<SettingName> = new Set([
  'data',
  'teacher',
  'student',
  'teacherTokenizer',
  'studentTokenizer',
  'device',
  'run',
  ...SETTING_NAMES.filter((name) => name.startsWith('preview')), // the first rank alone has them drawn
]);

/**
 * Refuses settings that one process would decide for itself.
 *
 * @throws InputError
 */
export function checkShareable({ batchSize, cacheTeacher }: AskedSettings): void {
  if (batchSize === 'auto')
    throw new InputError('--batch-size auto: expected a number where several processes share out a run; give one');
  if (cacheTeacher !== undefined)
    throw new InputError(
      `--cache-teacher ${cacheTeacher}: expected a run of one process, as each would fill it; leave it out`,
    );
}

/** Settings that all ranks have alike, by their flags. */
export function comparedSettings(settings: AskedSettings): Record<string, string> {
  const compared = SETTING_NAMES.filter((name) => !OWN.has(name));
  return Object.fromEntries(compared.map((name) => [flagOf(name), shownSetting(settings[name], 'none')]));
}

/** What computes, as far as it is the same on all ranks. */
export function comparedEngine({ precision, device, version = 'none' }: EngineInfo): Record<string, string> {
  return { precision, device, TensorFlow: version };
}

/** How facts of all ranks are compared. */
export interface Comparison {
  /** What they are of. */
  readonly topic: string;
  /** How a fact is told; as it is unless given. */
  readonly shown?: (fact: string) => string;
  /** What to do about one that differs. */
  readonly advice?: string;
}

/**
 * Compares facts of all ranks, by their names.
 *
 * @throws InputError, on all of them, that names the first rank that has something else than the first rank
 */
export async function checkAlike(
  ranks: Ranks,
  facts: Readonly<Record<string, string>>,
  { topic, shown = (fact) => fact, advice = 'start every rank with the same' }: Comparison,
): Promise<void> {
  const all = (await ranks.gather(topic, JSON.stringify(facts))).map((told, rank) => factsIn(told, ranks.nameOf(rank)));
  const [first] = all as [Readonly<Record<string, string>>];
  for (const [rank, other] of all.entries()) {
    const name = Object.keys({ ...first, ...other }).find((each) => first[each] !== other[each]);
    if (name !== undefined)
      throw new InputError(
        `${ranks.nameOf(rank)}: expected ${name} ${shown(first[name] ?? 'none')}, as rank 0 has, got ` +
          `${shown(other[name] ?? 'none')}; ${advice}`,
      );
  }
}

function factsIn(told: string, where: string): Readonly<Record<string, string>> {
  return checkJson(mapOf(text), parseJson(told, where), where, '');
}

/**
 * Chooses what computes, on all ranks alike, with the devices of all of them.
 *
 * @param among for a dry run: the process's place among several, which it does not meet
 * @param began the precision that a run to resume began with
 */
export async function engineOfRanks(
  { ranks, among }: { readonly ranks: Ranks | undefined; readonly among: RankPlace | undefined },
  began: string | undefined,
  choose: (precision: string | undefined) => Promise<EngineInfo>,
): Promise<EngineInfo & { readonly place: DevicePlace | undefined }> {
  const chosen = await chooseTogether(ranks, began, choose);
  if (ranks !== undefined) return joinDevices(ranks, chosen);
  return among === undefined ? { ...chosen, place: undefined } : assumeDevices(among, chosen);
}

/** Chooses what computes: the first rank first, then the others in its precision, which it may have measured. */
async function chooseTogether(
  ranks: Ranks | undefined,
  began: string | undefined,
  choose: (precision: string | undefined) => Promise<EngineInfo>,
): Promise<EngineInfo> {
  const chosen = ranks === undefined || ranks.rank === 0 ? await choose(began) : undefined;
  const [precision] = (await ranks?.gather('precision', chosen?.precision ?? '')) ?? [];
  return chosen ?? choose(precision);
}

/** The devices of all processes together, and which of them are this one's. */
async function joinDevices(ranks: Ranks, engine: EngineInfo): Promise<EngineInfo & { readonly place: DevicePlace }> {
  checkIsCompiled(engine);
  const { devices, place } = await countDevices(ranks, engine.devices ?? 1);
  return { ...engine, devices, processes: ranks.count, place };
}

/** A process among several that are not asked. */
export interface RankPlace {
  readonly rank: number;
  readonly count: number;
}

/** The devices of all processes together, if each has as many as this one. */
function assumeDevices({ rank, count }: RankPlace, engine: EngineInfo): EngineInfo & { readonly place: DevicePlace } {
  checkIsCompiled(engine);
  const { devices: own = 1 } = engine;
  return { ...engine, devices: count * own, processes: count, place: { before: rank * own, own } };
}

/** Only a recorded graph can be put on several processes' devices. */
function checkIsCompiled({ engine, backend }: EngineInfo): void {
  if (engine === 'compiled') return;
  throw new InputError(
    'several processes: expected the compiled engine, which can share out a run, got eager' +
      (backend === 'tensorflow'
        ? '; leave out --engine, or train in one process'
        : ` on tfjs in JavaScript; leave out --backend, or see with \`${KD} doctor\` why TensorFlow is not used`),
  );
}

/** Counts the devices of all processes, in the order of the ranks. */
export async function countDevices(
  ranks: Ranks,
  own: number,
): Promise<{ readonly devices: number; readonly place: DevicePlace }> {
  const counts = (await ranks.gather('devices', String(own))).map(Number);
  const add = (some: readonly number[]): number => some.reduce((sum, count) => sum + count, 0);
  return { devices: add(counts), place: { before: add(counts.slice(0, ranks.rank)), own } };
}
