/** @file Which settings must be equal in the processes that share a run, and which each process has of its own. */
import * as v from 'valibot';
import { KD } from '../base/own-command.js';
import type { Ranks } from '../cluster/ranks.js';
import { InputError } from '../base/errors.js';
import { checkJson, listOf, mapOf, number, text } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import type { DeviceRange, EngineInfo } from './engine-parts.js';
import { flagOf, SETTING_NAMES, formatSetting, type RequestedSettings, type SettingName } from './settings.js';

/** Settings that may differ between processes: where to find the same data and models, and each process's devices. */
const OWN: ReadonlySet<SettingName> = new Set([
  'data',
  'teacher',
  'student',
  'teacherTokenizer',
  'studentTokenizer',
  'device',
  'run',
  ...SETTING_NAMES.filter((name) => name.startsWith('preview')), // only rank 0 draws them
]);

/**
 * Rejects settings that each process would decide for itself.
 *
 * @throws InputError
 */
export function checkShareable({ batchSize, cacheTeacher }: RequestedSettings): void {
  if (batchSize === 'auto')
    throw new InputError('--batch-size auto: expected a number where several processes share a run; give one');
  if (cacheTeacher !== undefined)
    throw new InputError(
      `--cache-teacher ${cacheTeacher}: expected a run of one process, as each would fill it; leave it out`,
    );
}

/** Settings that must be equal on all ranks, keyed by flag. */
export function comparedSettings(settings: RequestedSettings): Record<string, string> {
  const compared = SETTING_NAMES.filter((name) => !OWN.has(name));
  return Object.fromEntries(compared.map((name) => [flagOf(name), formatSetting(settings[name], 'none')]));
}

/** The engine facts that must be equal on all ranks. */
export function comparedEngine({ precision, device, version = 'none' }: EngineInfo): Record<string, string> {
  return { precision, device, TensorFlow: version };
}

/** How facts are compared between ranks. */
export interface Comparison {
  /** What the facts are about. */
  readonly topic: string;
  /** How a fact is shown; unchanged by default. */
  readonly shown?: (fact: string) => string;
  /** What to do about a difference. */
  readonly advice?: string;
}

/**
 * Checks that named facts are equal on all ranks.
 *
 * @throws InputError, on all ranks, naming the first rank that differs from rank 0
 */
export async function checkEqualOnRanks(
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
 * Chooses the engine, the same on all ranks, with the devices of all of them.
 *
 * @param assumed for a dry run: this process's rank among several, which are not contacted
 * @param began the precision that a resumed run started with
 */
export async function chooseEngineOnRanks(
  { ranks, assumed }: { readonly ranks: Ranks | undefined; readonly assumed: AssumedRanks | undefined },
  began: string | undefined,
  choose: (precision: string | undefined) => Promise<EngineInfo>,
): Promise<EngineInfo & { readonly deviceRange: DeviceRange | undefined }> {
  const chosen = await chooseOnRankZeroFirst(ranks, began, choose);
  if (ranks !== undefined) return joinDevices(ranks, chosen);
  return assumed === undefined ? { ...chosen, deviceRange: undefined } : assumeDevices(assumed, chosen);
}

/** Chooses the engine on rank 0 first, then on the others with its precision, which it may have measured. */
async function chooseOnRankZeroFirst(
  ranks: Ranks | undefined,
  began: string | undefined,
  choose: (precision: string | undefined) => Promise<EngineInfo>,
): Promise<EngineInfo> {
  const chosen = ranks === undefined || ranks.rank === 0 ? await choose(began) : undefined;
  const [precision] = (await ranks?.gather('precision', chosen?.precision ?? '')) ?? [];
  return chosen ?? choose(precision);
}

/** The devices of all processes, and which of them belong to this one. */
async function joinDevices(
  ranks: Ranks,
  engine: EngineInfo,
): Promise<EngineInfo & { readonly deviceRange: DeviceRange }> {
  checkIsCompiled(engine);
  const { devices, deviceRange } = await countDevices(ranks, engine.devices ?? 1, engine.uuids);
  return { ...engine, devices, processes: ranks.count, deviceRange };
}

/** This process's rank among several that are not contacted. */
export interface AssumedRanks {
  readonly rank: number;
  readonly count: number;
}

/** The devices of all processes, assuming that each has as many as this one. */
function assumeDevices(
  { rank, count }: AssumedRanks,
  engine: EngineInfo,
): EngineInfo & { readonly deviceRange: DeviceRange } {
  checkIsCompiled(engine);
  const { devices: own = 1 } = engine;
  return { ...engine, devices: count * own, processes: count, deviceRange: { offset: rank * own, count: own } };
}

/** Several processes need a recorded graph. */
function checkIsCompiled({ engine, backend }: EngineInfo): void {
  if (engine === 'compiled') return;
  throw new InputError(
    'several processes: expected the compiled engine, in which several can share a run, got eager' +
      (backend === 'tensorflow'
        ? '; leave out --engine, or train in one process'
        : ` on tfjs in JavaScript; leave out --backend, or see with \`${KD} doctor\` why TensorFlow is not used`),
  );
}

/**
 * Counts the devices of all processes, in rank order.
 *
 * @param own the number of this process's devices
 * @param uuids those of its GPUs
 * @throws InputError, on all ranks, if two of them have the same GPU: NCCL, which sums over GPUs, takes each only once
 */
export async function countDevices(
  ranks: Ranks,
  own: number,
  uuids: readonly string[] = [],
): Promise<{ readonly devices: number; readonly deviceRange: DeviceRange }> {
  const told = await ranks.gather('devices', JSON.stringify([own, uuids]));
  const all = told.map((line, rank) => {
    const where = ranks.nameOf(rank);
    const [count, gpus] = checkJson(OWN_DEVICES, parseJson(line, where), where, '');
    return { count, gpus };
  });
  checkGpusApart(ranks, all);
  const counts = all.map(({ count }) => count);
  const add = (some: readonly number[]): number => some.reduce((sum, count) => sum + count, 0);
  return { devices: add(counts), deviceRange: { offset: add(counts.slice(0, ranks.rank)), count: own } };
}

/** The number of a rank's devices, and the UUIDs of its GPUs. */
const OWN_DEVICES = v.tuple([number, listOf(text)]);

function checkGpusApart(ranks: Ranks, all: readonly { readonly gpus: readonly string[] }[]): void {
  const usedBy = new Map<string, number>();
  for (const [rank, { gpus }] of all.entries())
    for (const gpu of gpus) {
      const first = usedBy.get(gpu);
      if (first !== undefined)
        throw new InputError(
          `${ranks.nameOf(rank)}: expected a GPU of its own, got ${gpu}, which ${ranks.nameOf(first)} uses; ` +
            'name another for each process of a machine, as with --device gpu:1',
        );
      usedBy.set(gpu, rank);
    }
}
