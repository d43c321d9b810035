import { parseArgs } from 'node:util';
import { SetupError } from './errors.mjs';

/** For which device libtensorflow is set up: `auto` looks for an NVIDIA GPU. */
export const DEVICES = ['auto', 'gpu', 'cpu'];
/** Where CUDA comes from: NVIDIA's wheels, or what the system has. */
export const CUDAS = ['wheels', 'system'];

/**
 * Reads the command line of set-up; `KD_SETUP_DEVICE` and `KD_SETUP_CUDA` stand for flags that are not given. What is
 * not given is undefined: then what was chosen last time holds.
 *
 * @returns {{ quiet: boolean, device?: string, cuda?: string }}
 * @throws {SetupError} that says what was expected
 */
export function readChoice(args, env) {
  const values = parse(args);
  const device = oneOf(DEVICES, '--device', values.device ?? env.KD_SETUP_DEVICE);
  const cuda = oneOf(CUDAS, '--cuda', values.cuda ?? env.KD_SETUP_CUDA);
  return { quiet: values.quiet || env.KD_SETUP_QUIET === '1', device, cuda };
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: { quiet: { type: 'boolean', default: false }, device: { type: 'string' }, cuda: { type: 'string' } },
    }).values;
  } catch (error) {
    throw new SetupError(
      `${error.message.split('. ')[0]}; flags are --quiet, --device ${DEVICES.join('|')}, --cuda ${CUDAS.join('|')}`,
    );
  }
}

function oneOf(choices, flag, value) {
  if (value === undefined || value === '' || choices.includes(value)) return value || undefined;
  throw new SetupError(`${flag} ${value}: expected ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`);
}
