import { parseArgs } from 'node:util';
import { SetupError } from './errors.mjs';

/** @import { BundleOptions } from './bundle/make.mjs' */
/** @import { Env } from './processes.mjs' */
/** @typedef {(typeof DEVICES)[number]} Device */
/** @typedef {(typeof CUDAS)[number]} Cuda */

/** The device to set libtensorflow up for; `auto` looks for an NVIDIA GPU. */
export const DEVICES = /** @type {const} */ (['auto', 'gpu', 'cpu']);
/** Where CUDA comes from: NVIDIA's wheels, or the system. */
export const CUDAS = /** @type {const} */ (['wheels', 'system']);

/** @typedef {{ [flag in 'quiet' | 'slim' | 'node' | 'sources']?: boolean }} Switches */
/** @typedef {{ [flag in 'device' | 'cuda' | 'bundle' | 'piece-size' | 'from']?: string }} Texts */

/** Fits every file system, and a failed copy loses only one piece. */
const PIECE_SIZE = '1G';
/** Powers of 1,000, so that no piece of "64M" is over a limit of 64 MB or of 64 MiB. */
const UNITS = { k: 1e3, M: 1e6, G: 1e9 };
const SMALLEST_PIECE = 1e3;

/** @type {import('node:util').ParseArgsConfig['options']} */
const OPTIONS = {
  quiet: { type: 'boolean' },
  device: { type: 'string' },
  cuda: { type: 'string' },
  bundle: { type: 'string' },
  'piece-size': { type: 'string' },
  slim: { type: 'boolean' },
  node: { type: 'boolean' },
  from: { type: 'string' },
  sources: { type: 'boolean' },
};
/** What `--help` prints. */
export const USAGE = `Installs the packages and TensorFlow that kd needs; does nothing if they are there.

  --device auto|gpu|cpu   TensorFlow for which device; remembered
  --cuda wheels|system    NVIDIA's wheels, or the system's CUDA 12 and cuDNN 9; remembered
  --from <folder>         sets up from a bundle, without a network
  --bundle <folder>       makes a bundle (in a clone), with --piece-size 60M, --slim, --node
  --quiet                 prints errors only`;

const FLAGS =
  `--quiet, --device ${DEVICES.join('|')}, --cuda ${CUDAS.join('|')}, --bundle <folder> ` +
  '(with --piece-size, --slim, --node), --from <folder>, --sources';

/**
 * The request to set-up. Values that are not given are undefined; then the last choice applies.
 *
 * @typedef {object} Request
 * @property {boolean} quiet
 * @property {Device | undefined} device
 * @property {Cuda | undefined} cuda
 * @property {BundleOptions | undefined} bundle to be made, in place of a set-up
 * @property {string | undefined} from the folder of a bundle to be used
 * @property {boolean | undefined} [sources] whether only the sources are compiled, as before packing
 */

/**
 * Parses the command line of set-up; `KD_SETUP_DEVICE`, `KD_SETUP_CUDA` and `KD_SETUP_FROM` replace flags that are not
 * given.
 *
 * @param {string[]} args
 * @param {Env} env
 * @returns {Request}
 * @throws {SetupError} that says what was expected
 */
export function readChoice(args, env) {
  const values = parse(args);
  const device = parseChoice(DEVICES, '--device', values.device ?? env.KD_SETUP_DEVICE);
  const cuda = parseChoice(CUDAS, '--cuda', values.cuda ?? env.KD_SETUP_CUDA);
  const { bundle, from } = values;
  if (bundle !== undefined && from !== undefined)
    throw new SetupError('--bundle makes a bundle and --from uses one: expected one of them, got both');
  const [alone] = /** @type {const} */ (['piece-size', 'slim', 'node']).filter((flag) => values[flag] !== undefined);
  if (bundle === undefined && alone !== undefined)
    throw new SetupError(`--${alone} is for making a bundle: expected --bundle <folder> with it, got none`);
  return {
    quiet: values.quiet === true || env.KD_SETUP_QUIET === '1',
    device,
    cuda,
    bundle:
      bundle === undefined
        ? undefined
        : {
            folder: bundle,
            pieceBytes: pieceBytes(values['piece-size'] ?? PIECE_SIZE),
            slim: values.slim === true,
            node: values.node === true ? process.execPath : undefined,
          },
    sources: values.sources,
    from: from ?? (bundle === undefined ? env.KD_SETUP_FROM || undefined : undefined),
  };
}

/** @param {string} text */
function pieceBytes(text) {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([kMG]?)B?$/.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (unit in UNITS ? UNITS[/** @type {keyof typeof UNITS} */ (unit)] : 1));
  if (bytes >= SMALLEST_PIECE) return bytes;
  throw new SetupError(`--piece-size ${text}: expected a size of 1k or more, such as 60M or 2G`);
}

/**
 * @param {string[]} args
 * @returns {Switches & Texts}
 */
function parse(args) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SetupError(`${message.split('. ')[0]}; flags are ${FLAGS}`);
  }
}

/**
 * @template {string} T
 * @param {readonly T[]} choices
 * @param {string} flag
 * @param {string | undefined} value
 */
function parseChoice(choices, flag, value) {
  if (value === undefined || value === '') return undefined;
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw new SetupError(`${flag} ${value}: expected ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`);
}
