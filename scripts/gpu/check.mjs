/**
 * Checks that training on this GPU is correct, fast and stable. To be run once on a machine with an NVIDIA GPU.
 *
 *   npm run check:gpu -- [--device gpu] [--models full|tiny] [--batches 32,64,128,256,512] [--steps 20] [--long 500]
 *                        [--python python3]
 *
 * Prints a line per check, with `✓`, `✗`, or `–` for what could not be checked: the doctor's findings; the losses of
 * recorded PyTorch runs in float32 without TF32 (1e-4) and in bfloat16 (2%), one of them also with XLA; losses with
 * shared padding and grouping, compared with a CPU; pairs a second at every batch size, compared with PyTorch if it
 * has a GPU build; real texts in every way to train on them, with the compile time of each text length; the step
 * compiled as a whole; the GPU's memory and the time to the first step; encoding in bfloat16; several GPUs compared
 * with one; whether memory stays flat over 500 steps; and the duration of the original's final run, projected from the
 * best rates. With `--device cpu --models tiny` it tests itself. Exit status 1 if a check fails, and at once, with one
 * line, if the device cannot be used.
 */
import { inputFailure } from '#dist/base/input-failure.js';
import { choice, COUNT, severalOf, TEXT } from '#dist/base/kinds.js';
import { checkDevice } from '#dist/tensorflow/backend.js';
import { DEVICES } from '#dist/tensorflow/device-choice.js';
import { chooseGpus } from '#dist/tensorflow/gpu-choice.js';
import { bfloat16Blocker } from '#dist/tensorflow/hardware.js';
import { thisMachine } from '#dist/tensorflow/machine.js';
import { detectGpus } from '#dist/tensorflow/nvidia.js';
import { readArguments, refuse } from '../arguments.mjs';
import { MODELS } from '../bench/models.mjs';
import { KD } from '../kd.mjs';
import { checkEncoding } from './encoding.mjs';
import { complaint, failures, run, tell } from './lines.mjs';
import { checkDevices, checkParity, checkShared, checkXla } from './parity.mjs';
import { checkFlatness, checkRealTexts, checkScaling, checkSpeed, checkWhole } from './speed.mjs';

/** @import { DevicesChoice } from '#dist/tensorflow/device-choice.js' */

const { flags } = readArguments(import.meta.filename, {
  device: { kind: DEVICES, default: 'gpu' },
  models: { kind: choice(MODELS), default: 'full' },
  batches: { kind: severalOf(COUNT), default: [32, 64, 128, 256, 512] },
  steps: { kind: COUNT, default: 20 },
  long: { kind: COUNT, default: 500 },
  python: { kind: TEXT, default: 'python3' },
});
await refuseWithoutDevice(flags.device);
const several = await severalDevices();
const obstacle = flags.device.startsWith('cpu') ? bfloat16Blocker() : undefined;

examine();
checkParity(flags.device, 'fp32', 1e-4);
if (obstacle === undefined) checkParity(flags.device, 'bf16', 0.02);
else tell(undefined, 'parity bf16', `not seen: ${obstacle} keeps oneDNN from it`);
checkXla(flags.device, 'fp32', 1e-4, 'groups');
if (obstacle === undefined) checkXla(flags.device, 'bf16', 0.02, 'groups');
checkXla(flags.device, 'fp32', 1e-4, 'whole');
checkShared(flags.device, 1e-4);
await checkEncoding(flags.device, 0.02, obstacle);
if (several === undefined) tell(undefined, 'several devices', 'not seen: this machine has one');
else checkDevices(several.all, several.first, several.count, several.tolerance);
const best = checkSpeed(flags, flags.batches);
if (best !== undefined) {
  checkRealTexts(flags, best.batch);
  checkWhole(flags, best);
  if (several !== undefined) checkScaling(flags, best, several.all, several.count);
  checkFlatness({ ...flags, steps: flags.long }, best.batch);
}
process.exitCode = failures() === 0 ? 0 : 1;

/**
 * Refuses if the device cannot be used: every check would fail for that.
 *
 * @param {DevicesChoice} device
 */
async function refuseWithoutDevice(device) {
  try {
    await checkDevice('tensorflow', device === 'auto' ? 'gpu' : device);
  } catch (error) {
    const failure = inputFailure(error);
    if (failure === undefined) throw error;
    refuse(failure.message);
  }
}

/** Repeats the doctor's findings. */
function examine() {
  const { status, stdout, stderr } = run(process.execPath, [KD, 'doctor', '--device', flags.device, '--json']);
  if (status !== 0) return tell(false, 'doctor', complaint(stderr));
  for (const line of stdout.trim().split('\n')) {
    /** @type {{ name: string, ok: boolean, found: string, remedy?: string }} */
    const { name, ok, found, remedy } = JSON.parse(line);
    const isSeen = name !== 'network' || ok;
    tell(isSeen ? ok : undefined, `doctor: ${name}`, remedy === undefined ? found : `${found}; ${remedy}`);
  }
}

/**
 * How to ask for several devices, if kd would use several; a CPU always has two. On CPUs, one micro-batch per device
 * gives the same bits; on GPUs, products are summed in another order.
 */
async function severalDevices() {
  if (flags.device === 'cpu') return { all: 'cpu:2', first: 'cpu', count: 2, tolerance: 0 };
  const gpus = chooseGpus(await detectGpus(thisMachine), 'gpu:all', process.env);
  const count = 'found' in gpus ? 0 : gpus.length;
  return count < 2 ? undefined : { all: 'gpu:all', first: 'gpu:0', count, tolerance: 1e-4 };
}
