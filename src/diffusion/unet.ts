/** @file The UNet of a pipeline: predicts the noise in latents at a time step, given a text's hidden states. */
import { InputError } from '../base/errors.js';
import { sizeOf } from '../base/shape.js';
import { MAX_LENGTH } from '../text/max-length.js';
import { joined, LATENT_CHANNELS, parts, PIXELS_PER_LATENT } from './latents.js';
import { loadOnnx, type OnnxModel, type Provider, type Values } from './onnx.js';
import type { Port, Signature } from './onnx-signature.js';
import type { Embedding } from './tensors.js';
import { assignRoles, fixedSize, outputOf, defaultInputs, type Role } from './ports.js';
import { checkedOutput, checkPictureSize, checkTypes, wrongInputs } from './wrong-model.js';

/** What a UNet's file says about its inputs. */
export interface UnetSignature {
  /** The file. */
  readonly location: string;
  /** The width of hidden states that it takes, if its file states it. */
  readonly textWidth: number | undefined;
  /** Its input for latents, `[B, C, h, w]`. */
  readonly latents: Port;
  /** Throws an `InputError` for a picture size that it does not support. */
  checkSize(height: number, width: number): void;
}

/** A loaded UNet. */
export interface Unet extends UnetSignature {
  /** Its predictions for the same latents at a time step, one for each text. `[C, h, w]` each */
  predict(
    latents: Float32Array,
    timestep: number,
    texts: readonly Embedding[],
    size: { readonly height: number; readonly width: number },
  ): Promise<Float32Array[]>;
  release(): Promise<void>;
}

const ROLES = {
  sample: { names: ['sample', 'latent_sample', 'latents', 'latent', 'x'], ranks: [4] },
  timestep: { names: ['timestep', 'timesteps', 't'], ranks: [0, 1] },
  encoder_hidden_states: { names: ['encoder_hidden_states', 'text_embeddings', 'context'], ranks: [3] },
} as const satisfies Record<string, Role>;

type Ports = Readonly<Record<keyof typeof ROLES, Port>>;

const OUTPUTS = ['out_sample', 'sample', 'noise_pred'];

/**
 * Loads a UNet.
 *
 * @throws InputError for a file that is damaged, or holds another model
 */
export async function loadUnet(location: string, provider: Provider): Promise<Unet> {
  const model = await loadOnnx(location, provider);
  try {
    return unetOf(model, portsOf(model));
  } catch (error) {
    await model.release();
    throw error;
  }
}

/**
 * What a UNet's file says about its inputs, known before it is loaded.
 *
 * @throws InputError for another model
 */
export function unetSignature(signature: Signature): UnetSignature {
  return signatureOf(signature.location, portsOf(signature));
}

function signatureOf(location: string, { sample, encoder_hidden_states: states }: Ports): UnetSignature {
  return {
    location,
    textWidth: fixedSize(states.shape[2]),
    latents: sample,
    checkSize(height, width) {
      checkPictureSize(location, 'a UNet', sample, height, width);
    },
  };
}

/** Which input has which role; throws an `InputError` if inputs or output are not those of a UNet. */
function portsOf(signature: Signature): Ports {
  const ports = assignRoles(signature.inputs, ROLES);
  if (ports === undefined) throw wrongInputs(signature, 'a UNet', Object.keys(ROLES));
  checkSizes(signature, ports);
  checkTypes(signature, noisePort(signature));
  return ports;
}

/** The output for the predicted noise, after a check of its shape. */
function noisePort({ location, outputs }: Signature): Port {
  return checkedOutput(location, 'a UNet', outputOf(outputs, OUTPUTS), LATENT_CHANNELS);
}

/** Checks the sizes that do not depend on the picture. */
function checkSizes({ location }: Signature, { sample, encoder_hidden_states: states }: Ports): void {
  const channels = fixedSize(sample.shape[1]) ?? LATENT_CHANNELS;
  if (channels !== LATENT_CHANNELS)
    throw new InputError(
      `${location}: expected a UNet for latents of ${LATENT_CHANNELS} channels, got one for ${channels}, ` +
        `as models for inpainting and image editing have; give one that draws from text alone`,
    );
  const length = fixedSize(states.shape[1]) ?? MAX_LENGTH;
  if (length !== MAX_LENGTH)
    throw new InputError(
      `${location}: expected a UNet for texts of ${MAX_LENGTH} tokens, got one for ${length}; export it for ` +
        `${MAX_LENGTH}, or for any length`,
    );
}

function unetOf(model: OnnxModel, ports: Ports): Unet {
  const { sample, timestep, encoder_hidden_states: states } = ports;
  const batch = fixedSize(sample.shape[0]) ?? fixedSize(states.shape[0]);
  const output = noisePort(model).name;
  return {
    ...signatureOf(model.location, ports),
    async predict(latents, time, texts, { height, width }) {
      const predictions: Float32Array[] = [];
      const [h, w] = [height / PIXELS_PER_LATENT, width / PIXELS_PER_LATENT];
      for (const group of groupsOf(texts, batch ?? texts.length)) {
        const size = batch ?? group.length;
        const filled = Array.from({ length: size }, (_, i) => group[i] ?? group[0]!); // extra values are ignored
        const result = await model.run(
          {
            ...defaultInputs(model.inputs, size),
            [sample.name]: { values: joined(filled.map(() => latents)), shape: [size, LATENT_CHANNELS, h, w] },
            [timestep.name]: timeValues(time, timestep, sample, size),
            // [B, L, D]
            [states.name]: { values: joined(filled), shape: [size, MAX_LENGTH, filled[0]!.length / MAX_LENGTH] },
          },
          output,
        );
        checkPrediction(model, result, [size, LATENT_CHANNELS, h, w]);
        predictions.push(...parts(result.values, latents.length).slice(0, group.length));
      }
      return predictions;
    },
    release: () => model.release(),
  };
}

/** A time step in the form that the graph expects: a scalar, one value, or one per picture. */
function timeValues(time: number, { shape }: Port, sample: Port, batch: number): Values {
  if (shape.length === 0) return { values: Float32Array.of(time), shape: [] };
  const isEach = typeof shape[0] === 'string' && shape[0] !== '' && shape[0] === sample.shape[0];
  const count = fixedSize(shape[0]) ?? (isEach ? batch : 1);
  return { values: new Float32Array(count).fill(time), shape: [count] };
}

function checkPrediction({ location }: OnnxModel, { values, shape }: Values, expected: readonly number[]): void {
  if (values.length === sizeOf(expected)) return;
  throw new InputError(
    `${location}: expected the UNet to give [${expected.join(', ')}], got [${shape.join(', ')}]; give a UNet of ` +
      'Stable Diffusion',
  );
}

function groupsOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
