/** @file The parts of an engine, before its data is available. */
import type { EngineOptions, Precision, ProcessGroup } from '../distill/engine.js';
import type { Distillation } from '../distill/loss.js';
import type { MeasuredStep } from '../engine/memory.js';
import type { StepLayout } from '../engine/step-layout.js';
import type { BackendInfo } from '../tensorflow/backend.js';
import type { RunModel } from './models.js';
import type { TrainSettings } from './settings.js';

/** How a run's steps are computed. */
export interface EngineInfo extends Omit<BackendInfo, 'reason'>, StepLayout {
  readonly engine: 'compiled' | 'eager';
  /** The precision of products; `tf32` is float32 whose factors a GPU rounds. */
  readonly precision: Precision | 'tf32';
  /** What decided it, where the machine did. */
  readonly precisionReason?: string;
  /** Processes that share out a run's steps, where there are several; `devices` are all of theirs. */
  readonly processes?: number;
}

/** The parts of an engine. */
export interface EngineParts {
  readonly settings: TrainSettings;
  readonly teacher: RunModel;
  readonly student: RunModel;
  readonly engine: EngineInfo;
  /** Which of the devices are this process's, where several processes share out the steps. */
  readonly place?: DevicePlace | undefined;
}

/** A process's devices among those of all, which are in the order of the ranks. */
export interface DevicePlace {
  readonly before: number;
  readonly own: number;
}

/** The teacher, the student and the loss of a run. */
export function distillationOf({ settings, teacher, student }: Omit<EngineParts, 'engine'>): Distillation {
  return { teacher: teacher.model.encoder, student: student.model.encoder, loss: settings.loss };
}

/** The devices of this process, as TensorFlow names them. */
export function deviceNames(device: EngineInfo['device'], count: number): string[] {
  return Array.from({ length: count }, (_, i) => `/device:${device.toUpperCase()}:${i}`);
}

/** A run's settings as its engine takes them. */
export function engineOptions({
  settings,
  engine: { precision, fused, teacherParts, textLengths, device, devices: count = 1 },
  place,
}: Pick<EngineParts, 'settings' | 'engine' | 'place'>): EngineOptions {
  const devices = deviceNames(device, place?.own ?? count);
  const dropout = settings.dropout === 'configured' ? undefined : settings.dropout;
  return {
    ...settings,
    dropout,
    precision: precision === 'tf32' ? 'fp32' : precision,
    fused,
    teacherParts,
    textLengths,
    devices,
  };
}

/** A run's step as its memory is measured. */
export function measuredStep(parts: EngineParts): MeasuredStep {
  const { engine, device } = parts.engine;
  const cachesTeacher = parts.settings.cacheTeacher !== undefined;
  const options = { ...engineOptions(parts), group: countedGroup(parts) };
  return { distillation: distillationOf(parts), options, engine, device, cachesTeacher };
}

/** The processes of a run as its graph is counted for them; none is reached. */
function countedGroup({ engine: { processes, devices = 1 }, place }: EngineParts): ProcessGroup | undefined {
  if (processes === undefined || place === undefined) return undefined;
  const gather = (): Promise<never> => Promise.reject(new Error('a group that is counted for gathers nothing'));
  return { rank: 0, devices, before: place.before, target: '', timeout: 0, gather };
}
