/** @file Takes one step of a run to measure its cost. */
import type { Batch } from '../../data/batches.js';
import type { StepResult } from '../../distill/engine.js';
import type { FoundCheckpoint } from '../../runs/find-checkpoint.js';
import { startEngine } from '../../training/engine-choice.js';
import { distillationOf } from '../../training/engine-parts.js';
import type { PreparedRun } from '../../training/prepared-run.js';
import { loadInitialState } from '../../training/resume.js';
import { trainedShapes } from '../../training/saving.js';

/** How many of this process's devices take part in the step. */
export function ownDevices({ engine, deviceRange }: Pick<PreparedRun, 'engine' | 'deviceRange'>): number {
  return deviceRange?.count ?? engine.devices ?? 1;
}

/** Takes a step with one micro-batch on each device and a learning rate of 0. */
export async function takeStep(prepared: PreparedRun, from: FoundCheckpoint | undefined) {
  const { settings, data } = prepared;
  const count = Math.min(ownDevices(prepared), settings.accumulate, data.training.count);
  const first = await Promise.all(Array.from({ length: count }, (_, i) => data.training.at(i)));
  const batches = await withTargets(first, prepared);
  const trained = trainedShapes(distillationOf(prepared));
  const start = from && (await loadInitialState(from, trained, prepared.teacher.model.parameters()));
  const engine = await startEngine(prepared, start, settings.cacheTeacher === undefined ? 'computed' : 'given');
  try {
    const started = performance.now();
    const { lossEn, lossKo }: StepResult = await engine.step(batches, 0);
    const seconds = (performance.now() - started) / 1000;
    return {
      loss_en: lossEn,
      loss_ko: lossKo,
      first_step_seconds: Number(seconds.toFixed(3)),
      peak_resident_bytes: process.resourceUsage().maxRSS * 1024,
    };
  } finally {
    engine.dispose();
  }
}

/** Adds the teacher's outputs to batches if the run takes them from a cache: its teacher is gone before the step. */
async function withTargets(batches: readonly Batch[], prepared: PreparedRun): Promise<readonly Batch[]> {
  if (prepared.settings.cacheTeacher === undefined) return batches;
  const engine = await startEngine(prepared);
  try {
    const withOutputs: Batch[] = [];
    for (const batch of batches) withOutputs.push({ ...batch, target: await engine.teacherOutputs(batch) });
    return withOutputs;
  } finally {
    engine.dispose();
  }
}
