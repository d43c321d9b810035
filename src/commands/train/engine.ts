import type { Engine } from '../../distill/engine.js';
import type { Distillation } from '../../distill/loss.js';
import { compiledEngine } from '../../engine/compiled.js';
import { eagerEngine } from '../../engine/eager.js';
import { loadBackend, type BackendInfo } from '../../engine/tensorflow.js';
import { InputError } from '../../errors.js';
import { MAX_LENGTH } from '../../text/tokenizer.js';
import type { Output } from '../console.js';
import type { PreparedRun } from './prepare.js';
import type { EngineChoice } from './settings.js';

/** Loads TensorFlow, says on what it runs, and puts both models on it. */
export async function startEngine({ settings, teacher, student }: PreparedRun, output: Output): Promise<Engine> {
  const info = await loadBackend(settings.backend, settings.device);
  if (info.reason !== undefined) output.warn(info.reason);
  const engine = chooseEngine(settings.engine, info);
  const name = info.version === undefined ? 'tfjs (JavaScript)' : `TensorFlow ${info.version}`;
  output.message(`engine: ${engine} on ${name}, ${info.device}`);
  output.event({ event: 'engine', engine, ...info });

  const distillation: Distillation = { teacher: teacher.model.encoder, student: student.model.encoder, loss: settings.loss };
  const parameters = { teacher: teacher.model.parameters(), student: student.model.parameters() };
  return engine === 'compiled'
    ? compiledEngine(distillation, parameters, settings, MAX_LENGTH)
    : eagerEngine(distillation, parameters, settings);
}

function chooseEngine(choice: EngineChoice, { backend }: BackendInfo): 'compiled' | 'eager' {
  if (choice === 'compiled' && backend !== 'tensorflow') {
    throw new InputError('--engine compiled: expected TensorFlow to run the graph, but this is tfjs in JavaScript; take --engine eager');
  }
  return choice === 'auto' ? (backend === 'tensorflow' ? 'compiled' : 'eager') : choice;
}
