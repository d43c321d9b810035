/** @file The VAE decoder of a pipeline: latents to pixels. */
import { InputError } from '../base/errors.js';
import { sizeOf } from '../base/shape.js';
import { joined, LATENT_CHANNELS, PIXELS_PER_LATENT } from './latents.js';
import { loadOnnx, type OnnxModel, type Provider } from './onnx.js';
import type { Port, Signature } from './onnx-signature.js';
import type { Pixels } from './tensors.js';
import { assignRoles, fixedSize, outputOf, defaultInputs, type Role } from './ports.js';
import { checkedOutput, checkPictureSize, checkTypes, wrongInputs } from './wrong-model.js';

/** What a decoder's file says about its inputs. */
export interface DecoderSignature {
  /** The file. */
  readonly location: string;
  /** Its input for latents, `[B, C, h, w]`. */
  readonly latents: Port;
  /** Throws an `InputError` for a picture size that it does not support. */
  checkSize(height: number, width: number): void;
}

export interface Decoder extends DecoderSignature {
  /** Latents `[C, h, w]` to pixels. */
  decode(latents: Float32Array, height: number, width: number): Promise<Pixels>;
  release(): Promise<void>;
}

const ROLES = {
  latent_sample: { names: ['latent_sample', 'latents', 'latent', 'sample', 'z'], ranks: [4] },
} as const satisfies Record<string, Role>;

const OUTPUTS = ['sample', 'image', 'images'];

/**
 * Loads a decoder.
 *
 * @param scale the factor that multiplied latents in training
 * @throws InputError for a file that is damaged, or holds another model
 */
export async function loadDecoder(location: string, scale: number, provider: Provider): Promise<Decoder> {
  const model = await loadOnnx(location, provider);
  try {
    return decoderOf(model, latentsPort(model), scale);
  } catch (error) {
    await model.release();
    throw error;
  }
}

/**
 * What a decoder's file says about its inputs, known before it is loaded.
 *
 * @throws InputError for another model
 */
export function decoderSignature(signature: Signature): DecoderSignature {
  return signatureOf(signature.location, latentsPort(signature));
}

function signatureOf(location: string, port: Port): DecoderSignature {
  return {
    location,
    latents: port,
    checkSize(height, width) {
      checkPictureSize(location, 'a VAE decoder', port, height, width);
    },
  };
}

/** The input for latents; throws an `InputError` if inputs or output are not those of a decoder. */
function latentsPort(signature: Signature): Port {
  const port = assignRoles(signature.inputs, ROLES)?.latent_sample;
  if (port === undefined || (fixedSize(port.shape[1]) ?? LATENT_CHANNELS) !== LATENT_CHANNELS)
    throw wrongInputs(signature, 'a VAE decoder', Object.keys(ROLES));
  checkTypes(signature, pixelsPort(signature));
  return port;
}

/** The output for pixels, after a check of its shape. */
function pixelsPort({ location, outputs }: Signature): Port {
  return checkedOutput(location, 'a VAE decoder', outputOf(outputs, OUTPUTS), 3);
}

function decoderOf(model: OnnxModel, port: Port, scale: number): Decoder {
  const batch = fixedSize(port.shape[0]) ?? 1;
  const output = pixelsPort(model).name;
  return {
    ...signatureOf(model.location, port),
    async decode(latents, height, width) {
      const scaled = latents.map((value) => value / scale);
      const values = joined(Array.from({ length: batch }, () => scaled)); // extra values are ignored
      const shape = [batch, LATENT_CHANNELS, height / PIXELS_PER_LATENT, width / PIXELS_PER_LATENT];
      const image = await model.run({ ...defaultInputs(model.inputs, batch), [port.name]: { values, shape } }, output);
      // [B, 3, height, width] in -1 … 1
      const expected = [batch, 3, height, width];
      if (image.values.length !== sizeOf(expected)) {
        throw new InputError(
          `${model.location}: expected pictures of [${expected.join(', ')}], got [${image.shape.join(', ')}]; ` +
            'get the file again',
        );
      }
      return pixelsOf(image.values, height, width);
    },
    release: () => model.release(),
  };
}

/** Planar channels in -1 … 1 to interleaved bytes. */
function pixelsOf(channels: Float32Array, height: number, width: number): Pixels {
  const size = height * width;
  const data = new Uint8Array(3 * size);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < size; i++) {
      const value = channels[channel * size + i]!;
      data[3 * i + channel] = Math.round(Math.min(Math.max(value / 2 + 0.5, 0), 1) * 255);
    }
  }
  return { width, height, data };
}
