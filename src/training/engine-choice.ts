/** @file Chooses what a run is computed with: engine, precision, backend and device. */
import type { Engine, InitialEngineState } from '../distill/engine.js';
import { PRECISIONS } from '../engine/precision-choice.js';
import type { EngineOptions, ProcessGroup } from '../engine/engine-options.js';
import { compiledEngine } from '../engine/compiled.js';
import { eagerEngine } from '../engine/eager.js';
import { choosePrecision, precisionText, type ChosenPrecision } from '../engine/precision.js';
import { hasTensorCores } from '../tensorflow/nvidia.js';
import { cpuFacts } from '../tensorflow/cpu-facts.js';
import { hasLargeModel, layoutFor, loadOptionsFor } from '../engine/step-layout.js';
import { loadBackend, type BackendInfo } from '../tensorflow/backend.js';
import { isMultiDevice, firstDevice } from '../tensorflow/gpu-choice.js';
import { InputError } from '../base/errors.js';
import type { TextEncoder } from '../models/text-encoder.js';
import { MAX_LENGTH } from '../text/max-length.js';
import type { Reporter } from '../app/reporter.js';
import { type EngineInfo, distillationOf, engineOptions, type EngineParts } from './engine-parts.js';
import type { TrainSettings } from './settings.js';
import type { EngineChoice, TrainingPrecision } from './settings/machine.js';
import { guardMemory } from './memory-guard.js';

/**
 * Loads TensorFlow, decides how steps are computed, and reports it.
 *
 * @param began the precision that a resumed run started with
 * @param isShared whether several processes share the run's steps
 * @throws InputError for a backend or device that is not available, and for choices that exclude each other
 */
export async function chooseEngine(
  settings: TrainSettings,
  encoders: readonly TextEncoder[],
  reporter: Reporter,
  { began, isShared = false }: { readonly began?: string | undefined; readonly isShared?: boolean } = {},
): Promise<EngineInfo> {
  const isLarge = hasLargeModel(encoders);
  const { reason, ...backend } = await loadBackend(settings.backend, settings.device, {
    ...(settings.engine === 'eager' ? {} : loadOptionsFor(isLarge, settings.jitCompile)),
    tf32: settings.precision === 'tf32',
    isShared,
    use: 'training',
    onNotice: (text) => {
      reporter.message(text);
    },
  });
  if (reason !== undefined) reporter.warn(reason);
  const engine = engineOn(backend, settings.engine);
  if (engine === 'eager') {
    checkIsOneDevice(settings.device, backend);
    checkIsNotCompiled(settings.jitCompile);
  }
  const chosen = await precisionOf(settings.precision, { engine, isLarge, ...backend }, began);
  const { precision, reason: precisionReason } = chosen;
  const name = backend.version === undefined ? 'tfjs (JavaScript)' : `TensorFlow ${backend.version}`;
  reporter.message(`engine: ${engine} on ${name}, ${devicesName(backend)}, ${precisionText(chosen)}`);
  reporter.event({
    event: 'engine',
    engine,
    precision,
    ...(precisionReason === undefined ? {} : { precision_reason: precisionReason }),
    ...backend,
    ...(reason === undefined ? {} : { reason }),
  });
  const decided = precisionReason === undefined ? { precision } : { precision, precisionReason };
  const isOnCpu = backend.backend === 'tensorflow' && backend.device === 'cpu';
  return {
    engine,
    ...decided,
    ...layoutFor(isLarge, engine, backend.device),
    ...backend,
    ...(isOnCpu && { cpu: cpuFacts() }),
  };
}

/**
 * Puts both models of a run on its engine, with their loaded parameters unless an initial state is given.
 *
 * @param targets whether the batches carry the teacher's outputs
 * @param group the processes that share the run's steps
 * @throws OutOfMemoryError when memory runs out, now or in a later step
 */
export async function startEngine(
  parts: EngineParts,
  initial?: InitialEngineState,
  targets: EngineOptions['targets'] = 'computed',
  group?: ProcessGroup,
): Promise<Engine> {
  const {
    teacher,
    student,
    engine: { engine },
  } = parts;
  const distillation = distillationOf(parts);
  const begin = initial ?? { teacher: teacher.model.parameters(), student: student.model.parameters() };
  const options = { ...engineOptions(parts), targets, group };
  return guardMemory(parts, () =>
    engine === 'compiled'
      ? compiledEngine(distillation, begin, options, MAX_LENGTH)
      : eagerEngine(distillation, begin, options),
  );
}

function engineOn({ backend }: Pick<BackendInfo, 'backend'>, choice: EngineChoice): EngineInfo['engine'] {
  if (choice === 'compiled' && backend !== 'tensorflow') {
    throw new InputError(
      '--engine compiled: expected TensorFlow to run the graph, but this is tfjs in JavaScript; use --engine eager',
    );
  }
  return choice === 'auto' ? (backend === 'tensorflow' ? 'compiled' : 'eager') : choice;
}

/** The precision of a run's matrix products, if its engine and device support it. */
async function precisionOf(
  choice: TrainingPrecision,
  { engine, isLarge, device, gpu }: Pick<EngineInfo, 'engine' | 'device' | 'gpu'> & { readonly isLarge: boolean },
  began: string | undefined,
): Promise<ChosenPrecision | { readonly precision: 'tf32'; readonly reason?: never }> {
  if (choice === 'bf16' && engine === 'eager') {
    throw new InputError(
      '--precision bf16: expected the compiled engine, which can compute in it, got eager; use --precision fp32',
    );
  }
  if (choice === 'tf32' && (device !== 'gpu' || (gpu !== undefined && !hasTensorCores(gpu)))) {
    throw new InputError(
      '--precision tf32: expected an NVIDIA GPU of compute capability 8.0 or newer, got ' +
        `${deviceName({ device, gpu })}; use --precision fp32`,
    );
  }
  if (choice === 'tf32') return { precision: choice };
  const site = { device, gpu, isRecorded: engine === 'compiled', isLarge };
  return choosePrecision(
    choice,
    site,
    PRECISIONS.find((each) => each === began),
  );
}

/** Several devices need a recorded graph. */
function checkIsOneDevice(device: TrainSettings['device'], { backend }: Pick<BackendInfo, 'backend'>): void {
  if (!isMultiDevice(device)) return;
  throw new InputError(
    `--device ${device}: expected the compiled engine, which can use several devices, got eager` +
      (backend === 'tensorflow' ? '; leave out --engine' : ' on tfjs in JavaScript; it needs TensorFlow') +
      `, or use --device ${firstDevice(device)}`,
  );
}

/** XLA compilation needs a recorded graph. */
function checkIsNotCompiled(jitCompile: boolean): void {
  if (!jitCompile) return;
  throw new InputError(
    '--jit-compile: expected the compiled engine, whose steps XLA can compile, got eager; leave out --jit-compile',
  );
}

/** `2 × cpu` */
function devicesName(backend: Pick<BackendInfo, 'device' | 'gpu' | 'devices'>): string {
  return `${backend.devices === undefined ? '' : `${backend.devices} × `}${deviceName(backend)}`;
}

/** `cpu`, `NVIDIA H100 80GB HBM3` */
function deviceName({
  device,
  gpu,
}: {
  readonly device: BackendInfo['device'];
  readonly gpu?: BackendInfo['gpu'];
}): string {
  return gpu?.name ?? device;
}
