/** @file `kd train --dry-run`: describes a run and takes one step of it, without writing anything. */
import { targetShape, trainableParameters } from '../../distill/loss.js';
import { planSteps } from '../../distill/train.js';
import { sizeOf } from '../../base/shape.js';
import { countParameters } from '../../models/text-encoder.js';
import type { Output } from '../../app/output.js';
import { hangingText } from '../../base/wrap.js';
import { formatBytes, formatCount, formatCounted } from '../../base/format.js';
import { measuredStep, distillationOf } from '../../training/engine-parts.js';
import { deviceShare, memoryNeed } from '../../engine/memory.js';
import type { FoundCheckpoint } from '../../runs/find-checkpoint.js';
import type { PreparedRun } from '../../training/prepared-run.js';
import { outputBytes } from '../../training/teacher-cache/cache.js';
import { previewCost } from '../../training/previews/plan.js';
import type { AssumedRanks } from '../../training/sharing.js';
import { allReduceTimes, allReduceText, type AllReduceTimes } from '../../training/all-reduce-times.js';
import { ownDevices, takeStep } from './dry-run-step.js';

/**
 * Takes one step, and prints shapes, steps and memory.
 *
 * @param assumed this process's rank, without connecting to the other ranks; absent for a single process
 * @param from the checkpoint to resume from; absent for a new run
 */
export async function dryRun(
  prepared: PreparedRun,
  output: Output,
  assumed?: AssumedRanks,
  from?: FoundCheckpoint,
): Promise<void> {
  const done = from?.trainer.state.step ?? 0;
  const plan = { ...(await describePlan(prepared, done)), ...placeOf(prepared, assumed), done };
  output.message(`memory: about ${formatBytes(plan.memory_estimate_bytes)}`); // before it is allocated
  const step = await takeStep(prepared, from);
  const allReduce = await allReduceTimes(plan.trained_parameters, prepared, output);
  const report = { event: 'dry-run', ...plan, ...step, ...allReduce };
  const rows = [...rowsOf(report, allReduce), ...cacheRow(report, prepared)];
  output.result(rows.map(([name, text]) => hangingText(name, text, 12, output.columns)).join('\n'), report);
}

type Report = Awaited<ReturnType<typeof describePlan>> &
  ReturnType<typeof placeOf> &
  Awaited<ReturnType<typeof takeStep>> & { readonly done: number };

/** This process's rank and number of devices; empty for a single process. */
function placeOf({ deviceRange }: PreparedRun, assumed: AssumedRanks | undefined) {
  return {
    ...(assumed && deviceRange && { rank: assumed.rank, ranks: assumed.count, rank_devices: deviceRange.count }),
  };
}

/** What is known before the first step. */
async function describePlan(prepared: PreparedRun, done: number) {
  const { settings, data, engine } = prepared;
  const distillation = distillationOf(prepared);
  const { shapes } = distillation.student;
  const plan = planSteps(data.training, settings);
  const { previews } = prepared;
  const cost = previews && previewCost(previews, plan, settings, done);
  const { size, teacherIds } = await data.training.at(0);
  const length = teacherIds.length / size;
  const measured = measuredStep(prepared);
  const bytes = memoryNeed(measured, length)(settings.batchSize);
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
    compared: targetShape(distillation, size, length),
    memory_estimate_bytes: bytes,
    teacher_cache_bytes: outputBytes(
      data.inStoreOrder.training.pairs + data.inStoreOrder.validation.pairs,
      targetShape(distillation, 1, length).slice(1),
    ),
    ...(ownDevices(prepared) > 1 && { memory_per_device_bytes: Math.round(deviceShare(measured, bytes)) }),
    ...(cost && {
      preview_checkpoints: cost.checkpoints,
      preview_pictures: cost.pictures,
      preview_at_least: cost.isAtLeast,
    }),
  };
}

/** The printed rows: name and text. */
function rowsOf(report: Report, allReduce: AllReduceTimes | undefined): [name: string, text: string][] {
  const { devices, rank_devices: own = devices, rank, ranks } = report;
  return [
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
    ...(ranks === undefined || rank === undefined ? [] : [ranksRow(rank, ranks, own)]),
    [
      own === 1 ? 'first batch' : 'first step',
      `loss_en ${report.loss_en.toFixed(4)}, loss_ko ${report.loss_ko.toFixed(4)}, ${report.first_step_seconds} ` +
        `s for one step${own === 1 ? '' : `, on ${own} devices`}`,
    ],
    ['memory', memoryText(report, own)],
    ...(allReduce === undefined
      ? []
      : ([['all-reduce', allReduceText(allReduce, devices)]] satisfies [string, string][])),
    ...previewRow(report),
  ];
}

/** What a teacher cache would save in a run of several epochs; several processes cannot use one. */
function cacheRow(report: Report, { settings }: PreparedRun): [string, string][] {
  const epochs = Math.ceil(report.steps / report.steps_per_epoch);
  if (settings.cacheTeacher !== undefined || epochs < 2 || report.ranks !== undefined) return [];
  const size = formatBytes(report.teacher_cache_bytes);
  return [
    ['faster', `--cache-teacher <folder> computes the teacher once, not in ${epochs} epochs, for ${size} of disk`],
  ];
}

/** `2, this is rank 1; the others are not asked, and assumed to have 1 device, too` */
function ranksRow(rank: number, ranks: number, own: number): [string, string] {
  return [
    'ranks',
    `${ranks}, this is rank ${rank}; the others are not asked, and assumed to have ` +
      `${formatCounted(own, 'device')}, too`,
  ];
}

/** What `memoryText` tells. */
type MemoryFacts = Pick<Report, 'memory_estimate_bytes' | 'device' | 'peak_resident_bytes'> &
  Partial<Pick<Report, 'memory_per_device_bytes' | 'ranks'>>;

/**
 * `about 2.4 GB estimated, 950 MB of it for each of 2 devices, 2.1 GB used at the peak`; the estimate for a GPU is of
 * its own memory, what was used is of the machine's
 */
export function memoryText(report: MemoryFacts, own: number): string {
  const { memory_estimate_bytes: all, memory_per_device_bytes: each } = report;
  const here = report.ranks === undefined ? '' : ' in this process';
  const shares = each === undefined || own === 1 ? '' : `, ${formatBytes(each)} of it for each of ${own} devices`;
  const used = formatBytes(report.peak_resident_bytes);
  if (report.device === 'gpu') {
    const where = own === 1 ? 'the' : 'each';
    return `about ${formatBytes(all)} on ${where} GPU estimated; ${used} of the machine's used at the peak`;
  }
  return `about ${formatBytes(all)} estimated${here}${shares}, ${used} used at the peak`;
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
