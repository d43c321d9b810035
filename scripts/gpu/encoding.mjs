/** @file Checks that encoding on the device is correct, in float32 and in bfloat16. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSafetensors } from '#dist/weights/safetensors.js';
import { inProject, KD } from '../kd.mjs';
import { complaint, run, tell } from './lines.mjs';

const TEXTS = ['노란색 차', 'a yellow car', '', '바닷가에 앉아 있는 개', 'a dog that sits on a beach, at dusk'];
const STUDENT = inProject('tests/fixtures/parity/student');
/** Float32 products of two devices differ by their order of summation. */
const ROUNDING = 1e-4;

/**
 * Compares the tiny student's hidden states on the device with a CPU's in float32.
 *
 * @param {string} device
 * @param {number} tolerance of bfloat16
 * @param {string} [obstacle] what keeps the device from computing in it
 */
export async function checkEncoding(device, tolerance, obstacle) {
  const folder = mkdtempSync(join(tmpdir(), 'kd-gpu-'));
  try {
    writeFileSync(join(folder, 'texts.txt'), TEXTS.join('\n'));
    const reference = await encode(folder, 'cpu', 'fp32');
    for (const [precision, allowed] of /** @type {const} */ ([
      ['fp32', ROUNDING],
      ['bf16', tolerance],
    ])) {
      if (precision === 'bf16' && obstacle !== undefined) {
        tell(undefined, 'encode bf16', `not seen: ${obstacle} keeps oneDNN from it`);
        continue;
      }
      const found = await encode(folder, device, precision);
      if (typeof found === 'string' || typeof reference === 'string')
        tell(false, `encode ${precision}`, typeof found === 'string' ? found : String(reference));
      else {
        const worst = relativeDifference(found, reference);
        const difference = `${TEXTS.length} texts, relative difference ${worst.toExponential(1)} (${allowed} allowed)`;
        tell(worst <= allowed, `encode ${precision}`, difference);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Hidden states, or a message that says how it failed.
 *
 * @param {string} folder
 * @param {string} device
 * @param {string} precision
 */
async function encode(folder, device, precision) {
  const output = join(folder, `${device.replace(':', '-')}-${precision}.safetensors`);
  const flags = ['--input', 'texts.txt', '--output', output, '--device', device, '--precision', precision, '--quiet'];
  const { status, stderr } = run(process.execPath, [KD, 'encode', '--model', STUDENT, ...flags], folder);
  if (status !== 0) return complaint(stderr);
  const file = await openSafetensors(output);
  try {
    return await file.read('last_hidden_state');
  } finally {
    await file.close();
  }
}

/**
 * The length of the difference, as a share of the length of the reference.
 *
 * @param {Float32Array} values
 * @param {Float32Array} reference
 */
function relativeDifference(values, reference) {
  let [difference, size] = [0, 0];
  for (const [i, value] of reference.entries()) {
    difference += ((values[i] ?? NaN) - value) ** 2;
    size += value ** 2;
  }
  return Math.sqrt(difference / size);
}
