import { parseArgs } from 'node:util';
import { SetupError } from './errors.mjs';

/** @import { Env } from './processes.mjs' */
/** @typedef {(typeof DEVICES)[number]} Device */
/** @typedef {(typeof CUDAS)[number]} Cuda */

/** For which device libtensorflow is set up: `auto` looks for an NVIDIA GPU. */
export const DEVICES = /** @type {const} */ (['auto', 'gpu', 'cpu']);
/** Where CUDA comes from: NVIDIA's wheels, or what the system has. */
export const CUDAS = /** @type {const} */ (['wheels', 'system']);

/**
 * Reads the command line of set-up; `KD_SETUP_DEVICE` and `KD_SETUP_CUDA` stand for flags that are not given. What is
 * not given is undefined: then what was chosen last time holds.
 *
 * @param {string[]} args
 * @param {Env} env
 * @returns {{ quiet: boolean, device: Device | undefined, cuda: Cuda | undefined }}
 * @throws {SetupError} that says what was expected
 */
export function readChoice(args, env) {
  const values = parse(args);
  const device = oneOf(DEVICES, '--device', values.device ?? env.KD_SETUP_DEVICE);
  const cuda = oneOf(CUDAS, '--cuda', values.cuda ?? env.KD_SETUP_CUDA);
  return { quiet: values.quiet || env.KD_SETUP_QUIET === '1', device, cuda };
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      options: { quiet: { type: 'boolean', default: false }, device: { type: 'string' }, cuda: { type: 'string' } },
    }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SetupError(
      `${message.split('. ')[0]}; flags are --quiet, --device ${DEVICES.join('|')}, --cuda ${CUDAS.join('|')}`,
    );
  }
}

/**
 * @template {string} T
 * @param {readonly T[]} choices
 * @param {string} flag
 * @param {string | undefined} value
 */
function oneOf(choices, flag, value) {
  if (value === undefined || value === '') return undefined;
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw new SetupError(`${flag} ${value}: expected ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`);
}
