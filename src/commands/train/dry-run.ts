/** @file `kd train --dry-run`: what a run would be, and one step of it, without writing anything. */
import { trainableParameters } from '../../distill/loss.js';
import { planSteps } from '../../distill/train.js';
import { countParameters } from '../../models/text-encoder.js';
import { formatBytes, formatCount, type Output } from '../console.js';
import { startEngine } from './engine.js';
import { estimateMemory } from './memory.js';
import type { PreparedRun } from './prepare.js';

/** Loads everything, runs one step, and says shapes, steps and memory. Returns the exit code. */
export async function dryRun(prepared: PreparedRun, output: Output): Promise<number> {
  const { settings, teacher, student, data } = prepared;
  const [teacherEncoder, studentEncoder] = [teacher.model.encoder, student.model.encoder];
  const distillation = { teacher: teacherEncoder, student: studentEncoder, loss: settings.loss };
  const plan = planSteps(data.training, settings);
  const batch = data.training.at(0);
  const length = batch.teacherIds.length / batch.size;
  const estimate = estimateMemory(distillation, settings.batchSize, length);
  output.message(`memory: about ${formatBytes(estimate.total)} (parameters and optimiser ${formatBytes(estimate.held)}, a batch ${formatBytes(estimate.batch)})`);

  const engine = await startEngine(prepared, output);
  const started = performance.now();
  const { lossEn, lossKo } = await engine.step([batch], 0);
  const seconds = (performance.now() - started) / 1000;
  engine.dispose();

  const width = studentEncoder.config.hiddenSize;
  const compared = settings.loss === 'hidden' ? [batch.size, length, width] : [batch.size, width];
  const report = {
    event: 'dry-run',
    teacher_parameters: countParameters(teacherEncoder.shapes),
    student_parameters: countParameters(studentEncoder.shapes),
    trained_parameters: trainableParameters(distillation).reduce((sum, name) => sum + countParameters({ [name]: studentEncoder.shapes[name] }), 0),
    training_pairs: data.training.pairs,
    validation_pairs: data.validation.pairs,
    steps: plan.totalSteps,
    steps_per_epoch: plan.stepsPerEpoch,
    ids: [batch.size, length],
    compared,
    loss_en: lossEn,
    loss_ko: lossKo,
    first_step_seconds: Number(seconds.toFixed(3)),
    memory_estimate_bytes: estimate.total,
    peak_resident_bytes: process.resourceUsage().maxRSS * 1024,
  };
  output.result(asText(report), report);
  return 0;
}

function asText(report: {
  teacher_parameters: number; student_parameters: number; trained_parameters: number; training_pairs: number; validation_pairs: number;
  steps: number; steps_per_epoch: number; ids: number[]; compared: number[]; loss_en: number; loss_ko: number;
  first_step_seconds: number; memory_estimate_bytes: number; peak_resident_bytes: number;
}): string {
  const rows: [string, string][] = [
    ['teacher', `${formatCount(report.teacher_parameters)} parameters`],
    ['student', `${formatCount(report.student_parameters)} parameters, ${formatCount(report.trained_parameters)} trained`],
    ['pairs', `${formatCount(report.training_pairs)} for training, ${formatCount(report.validation_pairs)} for validation`],
    ['steps', `${formatCount(report.steps)}, ${formatCount(report.steps_per_epoch)} an epoch`],
    ['ids', `[${report.ids.join(', ')}] each for teacher, student English, student Korean`],
    ['compared', `[${report.compared.join(', ')}]`],
    ['first batch', `loss_en ${report.loss_en.toFixed(4)}, loss_ko ${report.loss_ko.toFixed(4)}, ${report.first_step_seconds} s for one step`],
    ['memory', `about ${formatBytes(report.memory_estimate_bytes)} estimated, ${formatBytes(report.peak_resident_bytes)} used at the peak`],
  ];
  return rows.map(([name, text]) => `${name.padEnd(12)}${text}`).join('\n');
}
