import type { Precision } from '../distill/engine.js';
import type { StepLayout } from '../engine/step-layout.js';
import type { BackendInfo } from '../tensorflow/backend.js';

export interface EngineInfo extends Omit<BackendInfo, 'reason'>, StepLayout {
  readonly engine: 'compiled' | 'eager';
  /** Of products; `tf32` is float32 whose factors a GPU rounds. */
  readonly precision: Precision | 'tf32';
}
