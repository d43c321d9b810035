/** @file `kd train --dry-run`: what a run would be, and one step of it, without writing anything. */
import type { Batch } from '../../data/batches.js';
import type { StepResult } from '../../distill/engine.js';
import { trainableParameters } from '../../distill/loss.js';
import { planSteps } from '../../distill/train.js';
import { countParameters, sizeOf } from '../../models/text-encoder.js';
import type { Output } from '../../app/output.js';
import { formatBytes, formatCount, formatCounted } from '../../base/format.js';
import { startEngine } from '../../training/engine-choice.js';
import { measuredStep, distillationOf } from '../../training/engine-parts.js';
import { memoryNeed } from '../../engine/memory.js';
import type { FoundCheckpoint } from '../../runs/find-checkpoint.js';
import type { PreparedRun } from '../../training/prepared-run.js';
import { previewCost } from '../../training/previews/plan.js';
import { startFrom } from '../../training/resume.js';
import { trainedShapes } from '../../training/saving.js';

/**
 * Runs one step, and prints shapes, steps and memory.
 *
 * @param from the checkpoint to resume from; absent for a new run
 */
export async function dryRun(prepared: PreparedRun, output: Output, from?: FoundCheckpoint): Promise<void> {
  const done = from?.trainer.state.step ?? 0;
  const plan = { ...(await describePlan(prepared, done)), done };
  output.message(`memory: about ${formatBytes(plan.memory_estimate_bytes)}`); // before it is taken
  const report = { event: 'dry-run', ...plan, ...(await measureStep(prepared, from)) };
  output.result(asText(report), report);
}

type Report = Awaited<ReturnType<typeof describePlan>> & { readonly done: number } & Awaited<
    ReturnType<typeof measureStep>
  >;

/** What is known before the first step. */
async function describePlan(prepared: PreparedRun, done: number) {
  const { settings, data, engine } = prepared;
  const distillation = distillationOf(prepared);
  const { shapes, width } = distillation.student;
  const plan = planSteps(data.training, settings);
  const { previews } = prepared;
  const cost = previews && previewCost(previews, plan, settings, done);
  const { size, teacherIds } = await data.training.at(0);
  const length = teacherIds.length / size;
  return {
    teacher_parameters: countParameters(distillation.teacher.shapes),
    student_parameters: countParameters(shapes),
    trained_parameters: trainableParameters(distillation).reduce((sum, name) => sum + sizeOf(shapes[name]!), 0),
    training_pairs: data.training.pairs,
    validation_pairs: data.validation.pairs,
    steps: plan.totalSteps,
    steps_per_epoch: plan.stepsPerEpoch,
    device: engine.device,
    devices: engine.devices ?? 1,
    ids: [size, length],
    compared: settings.loss === 'hidden' ? [size, length, width] : [size, width],
    memory_estimate_bytes: memoryNeed(measuredStep(prepared), length)(settings.batchSize),
    ...(cost && {
      preview_checkpoints: cost.checkpoints,
      preview_pictures: cost.pictures,
      preview_at_least: cost.isAtLeast,
    }),
  };
}

/** What only a step can tell: of a micro-batch on each device. */
async function measureStep(prepared: PreparedRun, from: FoundCheckpoint | undefined) {
  const { settings, data, engine: info } = prepared;
  const count = Math.min(info.devices ?? 1, settings.accumulate, data.training.count);
  const first = await Promise.all(Array.from({ length: count }, (_, i) => data.training.at(i)));
  const batches = await withTargets(first, prepared);
  const trained = trainedShapes(distillationOf(prepared));
  const start = from && (await startFrom(from, trained, prepared.teacher.model.parameters()));
  const engine = await startEngine(prepared, start, settings.cacheTeacher === undefined ? 'computed' : 'given');
  const started = performance.now();
  const { lossEn, lossKo }: StepResult = await engine.step(batches, 0);
  const seconds = (performance.now() - started) / 1000;
  engine.dispose();
  return {
    loss_en: lossEn,
    loss_ko: lossKo,
    first_step_seconds: Number(seconds.toFixed(3)),
    peak_resident_bytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** Batches with the teacher's outputs, where the run takes them from a cache: its teacher is gone before the step. */
async function withTargets(batches: readonly Batch[], prepared: PreparedRun): Promise<readonly Batch[]> {
  if (prepared.settings.cacheTeacher === undefined) return batches;
  const engine = await startEngine(prepared);
  try {
    const taught: Batch[] = [];
    for (const batch of batches) taught.push({ ...batch, target: await engine.teach(batch) });
    return taught;
  } finally {
    engine.dispose();
  }
}

function asText(report: Report): string {
  const onEachGpu = report.device === 'gpu' && report.devices > 1 ? ' on each GPU' : '';
  const rows: [string, string][] = [
    ['teacher', `${formatCount(report.teacher_parameters)} parameters`],
    [
      'student',
      `${formatCount(report.student_parameters)} parameters, ${formatCount(report.trained_parameters)} trained`,
    ],
    [
      'pairs',
      `${formatCount(report.training_pairs)} for training, ${formatCount(report.validation_pairs)} for validation`,
    ],
    [
      'steps',
      `${formatCount(report.steps)}, ${formatCount(report.steps_per_epoch)} an ` +
        `epoch${report.done === 0 ? '' : `; ${formatCount(report.done)} are done`}`,
    ],
    ['ids', `[${report.ids.join(', ')}] each for teacher, student English, student Korean`],
    ['compared', `[${report.compared.join(', ')}]`],
    [
      report.devices === 1 ? 'first batch' : 'first step',
      `loss_en ${report.loss_en.toFixed(4)}, loss_ko ${report.loss_ko.toFixed(4)}, ${report.first_step_seconds} ` +
        `s for one step${report.devices === 1 ? '' : `, on ${report.devices} devices`}`,
    ],
    [
      'memory',
      `about ${formatBytes(report.memory_estimate_bytes)} estimated${onEachGpu}, ` +
        `${formatBytes(report.peak_resident_bytes)} used at the peak`,
    ],
    ...previewRow(report),
  ];
  return rows.map(([name, text]) => `${name.padEnd(12)}${text}`).join('\n');
}

/** `12 checkpoints, 56 pictures, those of the teacher and the untrained student among them` */
function previewRow({
  preview_checkpoints: checkpoints,
  preview_pictures: pictures,
  ...report
}: Report): [string, string][] {
  if (checkpoints === undefined || pictures === undefined) return [];
  const orMore = report.preview_at_least === true ? ' or more (one every 15 minutes)' : '';
  const others = report.done === 0 ? ', those of the teacher and the untrained student among them' : '';
  return [
    [
      'previews',
      `${formatCounted(checkpoints, 'checkpoint')}${orMore}, ${formatCounted(pictures, 'picture')}${others}`,
    ],
  ];
}
