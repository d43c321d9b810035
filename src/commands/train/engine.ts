import type { Engine, Precision } from '../../distill/engine.js';
import type { Distillation } from '../../distill/loss.js';
import { compiledEngine } from '../../engine/compiled.js';
import { eagerEngine } from '../../engine/eager.js';
import { hasBfloat16 } from '../../engine/hardware.js';
import { loadBackend, type BackendInfo } from '../../engine/tensorflow.js';
import { InputError } from '../../errors.js';
import { countParameters } from '../../models/text-encoder.js';
import { MAX_LENGTH } from '../../text/tokenizer.js';
import type { Output } from '../console.js';
import type { PreparedRun } from './prepare.js';
import type { EngineChoice, PrecisionChoice } from './settings.js';

/** Parameters from which a model's tensors outgrow the caches, so that fused loops and bfloat16 pay. */
const LARGE = 20e6;

/** Loads TensorFlow, says on what it runs, and puts both models on it. */
export async function startEngine({ settings, teacher, student }: PreparedRun, output: Output): Promise<Engine> {
  const isLarge = [teacher, student].some(({ model }) => countParameters(model.encoder.shapes) >= LARGE);
  const info = await loadBackend(settings.backend, settings.device, { fuse: isLarge && settings.engine !== 'eager' });
  if (info.reason !== undefined) output.warn(info.reason);
  const engine = chooseEngine(settings.engine, info);
  const precision = choosePrecision(settings.precision, engine, isLarge);
  const name = info.version === undefined ? 'tfjs (JavaScript)' : `TensorFlow ${info.version}`;
  output.message(`engine: ${engine} on ${name}, ${info.device}, ${precision}`);
  output.event({ event: 'engine', engine, precision, ...info });

  const distillation: Distillation = { teacher: teacher.model.encoder, student: student.model.encoder, loss: settings.loss };
  const parameters = { teacher: teacher.model.parameters(), student: student.model.parameters() };
  return engine === 'compiled'
    ? compiledEngine(distillation, parameters, { ...settings, precision }, MAX_LENGTH)
    : eagerEngine(distillation, parameters, { ...settings, precision });
}

function choosePrecision(choice: PrecisionChoice, engine: 'compiled' | 'eager', isLarge: boolean): Precision {
  if (choice === 'bf16' && engine === 'eager') {
    throw new InputError('--precision bf16: expected the compiled engine, which can compute in it, got eager; take --precision fp32');
  }
  if (choice !== 'auto') return choice;
  return engine === 'compiled' && isLarge && hasBfloat16() ? 'bf16' : 'fp32';
}

function chooseEngine(choice: EngineChoice, { backend }: BackendInfo): 'compiled' | 'eager' {
  if (choice === 'compiled' && backend !== 'tensorflow') {
    throw new InputError('--engine compiled: expected TensorFlow to run the graph, but this is tfjs in JavaScript; take --engine eager');
  }
  return choice === 'auto' ? (backend === 'tensorflow' ? 'compiled' : 'eager') : choice;
}
