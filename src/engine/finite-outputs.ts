import { InputError } from '../base/errors.js';

/**
 * Checks the outputs for a batch. NaN compares as neither more nor less similar, and would pass as a perfect score.
 *
 * @param name the model, for the message
 * @param texts the `B` texts
 * @param outputs arrays of `B` rows each
 * @throws InputError that names the first text with an output that is not finite
 */
export function checkFinite(name: string, texts: readonly string[], ...outputs: readonly Float32Array[]): void {
  for (const values of outputs) {
    const place = values.findIndex((value) => !Number.isFinite(value));
    if (place === -1) continue;
    const text = texts[Math.floor((place * texts.length) / values.length)];
    throw new InputError(
      `${name}: expected finite numbers for ${JSON.stringify(text)}, got ${values[place]}; the model is damaged ` +
        'or its training diverged: use an earlier checkpoint',
    );
  }
}
