/** @file What an engine is built from, before its data is available. */
import type { Complete } from '../base/complete.js';
import type { EngineOptions, ProcessGroup } from '../engine/engine-options.js';
import type { Precision } from '../engine/precision-choice.js';
import type { Distillation } from '../distill/loss.js';
import type { MeasuredStep } from '../engine/memory.js';
import type { StepLayout } from '../engine/step-layout.js';
import type { BackendInfo } from '../tensorflow/backend.js';
import type { RunModel } from './models.js';
import type { TrainSettings } from './settings.js';

/** How a run's steps are computed. */
export interface EngineInfo extends Omit<BackendInfo, 'reason'>, StepLayout {
  readonly engine: 'compiled' | 'eager';
  /** The precision of matrix products; `tf32`: float32 with factors rounded by the GPU. */
  readonly precision: Precision | 'tf32';
  /** Why the machine chose it, if it did. */
  readonly precisionReason?: string;
  /** What the last digits depend on when TensorFlow computes on a CPU; absent elsewhere. */
  readonly cpu?: Readonly<Record<string, string>>;
  /** The number of processes that share a run's steps, if there are several; `devices` then counts all of theirs. */
  readonly processes?: number;
}

/** What an engine is built from. */
export interface EngineParts {
  readonly settings: TrainSettings;
  readonly teacher: RunModel;
  readonly student: RunModel;
  readonly engine: EngineInfo;
  /** Which of the devices belong to this process, if several processes share the steps. */
  readonly deviceRange?: DeviceRange | undefined;
}

/** A process's devices within the list of all devices, which is in rank order. */
export interface DeviceRange {
  readonly offset: number;
  readonly count: number;
}

/** The teacher, the student and the loss of a run. */
export function distillationOf({ settings, teacher, student }: Omit<EngineParts, 'engine'>): Distillation {
  return { teacher: teacher.model.encoder, student: student.model.encoder, loss: settings.loss };
}

/** The devices of this process, as TensorFlow names them. */
export function deviceNames(device: EngineInfo['device'], count: number): string[] {
  return Array.from({ length: count }, (_, i) => `/device:${device.toUpperCase()}:${i}`);
}

/** The dropout rate that replaces the student's own; undefined if its own are used. */
export function dropoutRate({ dropout }: Pick<TrainSettings, 'dropout'>): number | undefined {
  return dropout === 'configured' ? undefined : dropout;
}

/** The engine options for a run's settings. */
export function engineOptions({
  settings,
  engine,
  deviceRange,
}: Pick<EngineParts, 'settings' | 'engine' | 'deviceRange'>): EngineOptions {
  const { batchSize, accumulate, optimizer, weightDecay, maxGradNorm, padding, seed, jitCompile } = settings;
  const { precision, fused, teacherParts, textLengths, packedShares, device, devices: count = 1 } = engine;
  return {
    batchSize,
    accumulate,
    optimizer,
    weightDecay,
    maxGradNorm,
    dropout: dropoutRate(settings),
    padding,
    seed,
    precision: precision === 'tf32' ? 'fp32' : precision,
    fused,
    jitCompile,
    teacherParts,
    textLengths,
    packedShares,
    devices: deviceNames(device, deviceRange?.count ?? count),
  } satisfies Complete<Omit<EngineOptions, 'targets' | 'group'>>;
}

/** A run's step, as described to the memory estimate. */
export function measuredStep(parts: EngineParts): MeasuredStep {
  const { engine, device, gpu } = parts.engine;
  const cachesTeacher = parts.settings.cacheTeacher !== undefined;
  const options = { ...engineOptions(parts), group: countedGroup(parts) };
  return { distillation: distillationOf(parts), options, engine, device, gpu, cachesTeacher };
}

/** A stand-in for the processes of a run, to estimate its graph's memory without connecting to them. */
function countedGroup({ engine: { processes, devices = 1 }, deviceRange }: EngineParts): ProcessGroup | undefined {
  if (processes === undefined || deviceRange === undefined) return undefined;
  const gather = (): Promise<never> => Promise.reject(new Error('a group that is counted for gathers nothing'));
  return { rank: 0, devices, deviceOffset: deviceRange.offset, target: '', timeout: 0, gather };
}
