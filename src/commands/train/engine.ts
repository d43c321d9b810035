import type { Engine } from '../../distill/engine.js';
import { eagerEngine } from '../../engine/eager.js';
import { loadBackend } from '../../engine/tensorflow.js';
import type { Output } from '../console.js';
import type { PreparedRun } from './prepare.js';

/** Loads TensorFlow, says on what it runs, and puts both models on it. */
export async function startEngine({ settings, teacher, student }: PreparedRun, output: Output): Promise<Engine> {
  const { backend, device, version, reason } = await loadBackend(settings.backend, settings.device);
  if (reason !== undefined) output.warn(reason);
  const name = version === undefined ? 'tfjs (JavaScript)' : `TensorFlow ${version}`;
  output.message(`engine: eager on ${name}, ${device}`);
  output.event({ event: 'engine', engine: 'eager', backend, version, device, reason });
  return eagerEngine(
    { teacher: teacher.model.encoder, student: student.model.encoder, loss: settings.loss },
    { teacher: teacher.model.parameters(), student: student.model.parameters() },
    settings,
  );
}
