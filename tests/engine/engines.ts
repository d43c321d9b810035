/** @file Engines over the recorded training runs, and their state. */
import type { Batch } from '../../src/data/batches.js';
import type { Engine, InitialEngineState, NamedValues, ParameterValues } from '../../src/distill/engine.js';
import { compiledEngine } from '../../src/engine/compiled.js';
import { eagerEngine } from '../../src/engine/eager.js';
import type { EngineOptions } from '../../src/engine/engine-options.js';
import { MAX_LENGTH } from '../../src/text/max-length.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { openRecordedRun, type RecordedRun } from '../fixtures/training.js';

export type EngineName = 'eager' | 'compiled';

/** Every engine with every backend that may be tested. */
export const ENGINES: [EngineName, 'tensorflow' | 'cpu'][] = [
  ...BACKENDS_UNDER_TEST.map((backend): ['eager', 'tensorflow' | 'cpu'] => ['eager', backend]),
  ...(BACKENDS_UNDER_TEST.includes('tensorflow') ? [['compiled', 'tensorflow'] as ['compiled', 'tensorflow']] : []),
];

/** A recorded run, with a function that opens engines for it. */
export interface EngineRun extends Omit<Awaited<ReturnType<typeof openRecordedRun>>, 'options'> {
  /** @param start absent, or in part: the parameters that the run was recorded with */
  readonly open: (options?: Partial<EngineOptions>, start?: Partial<InitialEngineState>) => Promise<Engine>;
}

/**
 * Opens a recorded run. Its engines have no dropout.
 *
 * The compiled engine has texts in their full length only, unless options name others: each length that it may cut
 * them to is recorded and compiled.
 */
export async function openRun(
  engine: EngineName,
  batchSize: number,
  recorded: RecordedRun = 'roberta-hidden',
): Promise<EngineRun> {
  const { options: own, ...run } = await openRecordedRun(recorded, batchSize);
  const textLengths = engine === 'compiled' ? [] : undefined;
  return {
    ...run,
    open: async (options = {}, start = {}) => {
      const initial = { ...(await run.parameters()), ...start };
      const all = { ...own, textLengths, ...options };
      return engine === 'compiled'
        ? compiledEngine(run.distillation, initial, all, MAX_LENGTH)
        : eagerEngine(run.distillation, initial, all);
    },
  };
}

/** The first pairs of a batch. */
export function firstPairs(batch: Batch, size: number): Batch {
  const cut = <T extends Int32Array | Uint32Array | Float32Array>(values: T): T =>
    values.slice(0, (values.length / batch.size) * size) as T;
  return {
    ...batch,
    size,
    teacherIds: cut(batch.teacherIds),
    studentIdsEn: cut(batch.studentIdsEn),
    studentIdsKo: cut(batch.studentIdsKo),
    rows: cut(batch.rows),
    ...(batch.target && { target: cut(batch.target) }),
  };
}

/** Parameters or moments by their names. */
export type Values = Readonly<Record<string, Float32Array>>;

/** Reads all parameters, or all moments, of an engine. */
export async function readAll(values: AsyncIterable<NamedValues>): Promise<Values> {
  const all: Record<string, Float32Array> = {};
  for await (const { name, values: own } of values) all[name] = own.slice();
  return all;
}

/** The student's parameters and the moments of an engine. */
export async function stateOf(engine: Engine): Promise<{ readonly student: Values; readonly moments: Values }> {
  return { student: await readAll(engine.studentParameters()), moments: await readAll(engine.moments()) };
}

/** Parameters or moments, as an engine takes them. */
// oxlint-disable-next-line typescript/require-await -- an async iterable, as engines take one
export async function* given(values: Values): ParameterValues {
  yield* Object.entries(values);
}

/** The state of an engine, for another to start from. */
export async function startFrom(engine: Engine): Promise<Pick<InitialEngineState, 'student' | 'optimizer'>> {
  const { student, moments } = await stateOf(engine);
  return { student: given(student), optimizer: { ...engine.counters(), moments: given(moments) } };
}
