import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadOnnx } from '../../src/diffusion/onnx.js';
import { readSignature, type Port } from '../../src/diffusion/onnx-signature.js';
import { openPipeline, type PictureRequest } from '../../src/diffusion/pipeline.js';
import { checkPipelineLoads, inspectPipeline, readScheduler } from '../../src/diffusion/pipeline-check.js';
import { type Embedding } from '../../src/diffusion/tensors.js';
import { SCHEDULER_CLASSES, SCHEDULERS } from '../../src/diffusion/scheduler-config.js';
import { randomUniform } from '../../src/base/philox.js';
import { bytes } from '../../src/base/protobuf.js';
import { encoderEngine } from '../../src/engine/encoder.js';
import { type EncoderEngine } from '../../src/engine/encoder-engine.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { InputError } from '../../src/base/errors.js';
import { writeOnnx } from '../../src/export/onnx/model-file.js';
import { valueInfo } from '../../src/export/onnx/graph.js';
import { GRAPH, MODEL } from '../../src/onnx/format.js';
import { openPretrained } from '../../src/models/pretrained.js';
import { loadTokenizer, type TextTokenizer } from '../../src/text/tokenizer.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { temporaryFolder } from '../cli.js';
import { writeFloat16 } from '../fixtures/float16.js';
import { largestDifference, PARITY, SD_TINY } from '../fixtures/index.js';
import { setOpset, writePorts, type NewPort } from '../fixtures/onnx-ports.js';
import { roundWeights } from '../fixtures/onnx-rounding.js';
import { apart } from '../float64/model-bounds.js';

interface Case {
  readonly name: string;
  readonly prompt: string;
  readonly scheduler: string;
  readonly steps: number;
  readonly guidance_scale: number;
}

const { cases } = JSON.parse(readFileSync(join(SD_TINY, 'expected.json'), 'utf8')) as { cases: Case[] };

let engine: EncoderEngine;
let tokenizer: TextTokenizer;
let expected: Awaited<ReturnType<typeof openSafetensors>>;
beforeAll(async () => {
  await loadBackend(BACKENDS_UNDER_TEST[0]);
  const model = await openPretrained(join(PARITY, 'student'), 0);
  engine = await encoderEngine(model.encoder, model.parameters());
  tokenizer = await loadTokenizer(join(PARITY, 'student'));
  expected = await openSafetensors(join(SD_TINY, 'expected.safetensors'));
});
afterAll(async () => {
  engine.dispose();
  await expected.close();
});

async function embed(text: string): Promise<Embedding> {
  return (await engine.encode(tokenizer.encode(text).ids, 1)).lastHiddenState;
}

/** What a case draws, from the noise that all share. */
async function requestOf({ prompt, steps, guidance_scale }: Case): Promise<PictureRequest> {
  return {
    noise: await expected.read('noise'),
    height: 64,
    width: 64,
    prompt: await embed(prompt),
    negative: await embed(''),
    guidance: guidance_scale,
    steps,
  };
}

/** Pipelines with weights rounded at random that a bound is taken from. */
const SEEDS = [1, 2, 3];

const bounds = new Map<string, Promise<number>>();

/**
 * How far apart two float32 computations of a case's latents may be, whatever libraries and processors make them: each
 * is off by up to twice the largest error of several that are rounded at random, in the text encoder and in the UNet.
 */
function boundOf(each: Case): Promise<number> {
  const found = bounds.get(each.name) ?? measureBound(each);
  bounds.set(each.name, found);
  return found;
}

async function measureBound(each: Case): Promise<number> {
  const kind = SCHEDULERS.find((candidate) => SCHEDULER_CLASSES[candidate] === each.scheduler)!;
  const scheduler = await readScheduler(SD_TINY, kind);
  const drawnBy = async (folder: string, request: PictureRequest): Promise<Float32Array> => {
    const pipeline = await openPipeline(folder, scheduler, 'cpu');
    try {
      return await pipeline.denoise(request);
    } finally {
      await pipeline.release();
    }
  };
  const request = await requestOf(each);
  const usual = await drawnBy(SD_TINY, request);
  const { lastHiddenState: off } = await apart(join(PARITY, 'student'), tokenizer.encode(each.prompt).ids);
  let largest = 0;
  for (const seed of SEEDS) {
    const folder = pipelineWith(() => undefined);
    await roundWeights(join(folder, 'unet/model.onnx'), seed);
    const moved = (states: Embedding): Embedding => {
      const draws = randomUniform(states.length, [seed, 99]);
      return states.map((value, i) => value + (off / 2) * (2 * draws[i] - 1));
    };
    const rounded = { ...request, prompt: moved(request.prompt), negative: moved(request.negative) };
    largest = Math.max(largest, largestDifference(await drawnBy(folder, rounded), usual));
  }
  return 4 * largest;
}

describe('the pipeline', () => {
  it('has eight reference cases', () => {
    expect(cases).toHaveLength(8);
  });

  it.each(cases)('draws $prompt with $scheduler in $steps steps like diffusers', async (each) => {
    const { name, scheduler } = each;
    const kind = SCHEDULERS.find((candidate) => SCHEDULER_CLASSES[candidate] === scheduler)!;
    const pipeline = await openPipeline(SD_TINY, await readScheduler(SD_TINY, kind), 'cpu');
    for (const oneByOne of [false, true]) {
      const latents = await pipeline.denoise({ ...(await requestOf(each)), oneByOne });
      expect(largestDifference(latents, await expected.read(`${name}.latents`))).toBeLessThan(await boundOf(each));
      const { data } = await pipeline.decode(latents, 64, 64);
      expect(largestDifference(data, await expected.readInt32(`${name}.image`))).toBeLessThanOrEqual(1);
    }
    await pipeline.release();
  });
});

describe('an outdated scheduler configuration', () => {
  it.each(SCHEDULERS)('is corrected as in StableDiffusionPipeline of diffusers: %s', async (name) => {
    const outdated = { _class_name: 'DDIMScheduler', clip_sample: true, timestep_spacing: 'leading' };
    const folder = pipelineWith((into) => {
      writeFileSync(join(into, 'scheduler/scheduler_config.json'), JSON.stringify(outdated));
    });
    const config = await readScheduler(folder, name);
    expect(config.stepsOffset).toBe(1);
    if (config.name === 'ddim') expect(config.clipRange).toBeUndefined();
  });
});

describe('a UNet in float16', () => {
  it.each([
    ['inside', undefined],
    ['beside', 'weights.pb'],
  ])('draws the same as in float32, its weights %s the file', async (_, beside) => {
    const folder = pipelineWith(() => undefined);
    await writeFloat16(join(SD_TINY, 'unet/model.onnx'), join(folder, 'unet/model.onnx'), beside);
    const { name } = cases[0];
    const pipeline = await openPipeline(folder, await readScheduler(folder, 'unipc'), 'cpu');
    const latents = await pipeline.denoise(await requestOf(cases[0]));
    const { data } = await pipeline.decode(latents, 64, 64);
    const difference = largestDifference(latents, await expected.read(`${name}.latents`));
    expect(difference).toBeLessThan(0.02); // 0.0048 by the rounding of the file's weights, on any CPU
    expect(difference).toBeGreaterThan(await boundOf(cases[0])); // it is float16
    expect(largestDifference(data, await expected.readInt32(`${name}.image`))).toBeLessThanOrEqual(4); // 2
    await pipeline.release();
  });
});

/**
 * Checks that a file's inputs and outputs are those that ONNX Runtime, which infers more sizes, reports once loaded.
 */
async function tellsWhatOnnxRuntimeTells(path: string): Promise<void> {
  const model = await loadOnnx(path, 'cpu');
  await model.release();
  const signature = await readSignature(path);
  const ranks = (ports: readonly Port[]) => ports.map((port) => ({ ...port, shape: port.shape.length }));
  expect([signature.inputs, ranks(signature.outputs)]).toEqual([model.inputs, ranks(model.outputs)]);
}

describe('models from other exporters', () => {
  const SAMPLE: NewPort = { name: 'sample', type: 'float32', shape: ['b', 4, 'h', 'w'] };
  const TIMESTEP: NewPort = { name: 'timestep', type: 'int64', shape: [] };
  const STATES: NewPort = { name: 'encoder_hidden_states', type: 'float32', shape: ['b', 77, 48] };
  const UNET = { sample: SAMPLE, timestep: TIMESTEP, encoder_hidden_states: STATES };
  const ones = (count: number) => Array.from({ length: count }, () => 1);

  /** Checks that the picture is that of diffusers, whatever the model's inputs look like. */
  async function drawsTheSame(folder: string): Promise<void> {
    await expect(inspectPipeline(folder)).resolves.toMatchObject({ unet: { textWidth: 48 } });
    for (const file of ['unet/model.onnx', 'vae_decoder/model.onnx'])
      await tellsWhatOnnxRuntimeTells(join(folder, file));
    const pipeline = await openPipeline(folder, await readScheduler(folder, 'unipc'), 'cpu');
    try {
      const { name } = cases[0];
      const request = await requestOf(cases[0]);
      for (const oneByOne of [false, true]) {
        const latents = await pipeline.denoise({ ...request, oneByOne });
        expect(largestDifference(latents, await expected.read(`${name}.latents`))).toBeLessThan(
          await boundOf(cases[0]),
        );
        const { data } = await pipeline.decode(latents, 64, 64);
        expect(largestDifference(data, await expected.readInt32(`${name}.image`))).toBeLessThanOrEqual(1);
      }
    } finally {
      await pipeline.release();
    }
  }

  it.each([
    ['a scalar time step, int64, as optimum writes it', UNET],
    ...(['int32', 'float32'] as const).map((type): [string, Record<string, NewPort>] => [
      `a scalar time step, ${type}`,
      { ...UNET, timestep: { ...TIMESTEP, type } },
    ]),
    ['a time step of one dimension, float32', { ...UNET, timestep: { ...TIMESTEP, type: 'float32', shape: [1] } }],
    ['a batch of one alone', { ...UNET, sample: { ...SAMPLE, shape: [1, 4, 8, 8] } }],
    [
      'a batch of two alone',
      { ...UNET, sample: { ...SAMPLE, shape: [2, 4, 8, 8] }, encoder_hidden_states: { ...STATES, shape: [2, 77, 48] } },
    ],
    ['a batch of three alone', { ...UNET, encoder_hidden_states: { ...STATES, shape: [3, 77, 48] } }],
    ['inputs in another order', { encoder_hidden_states: STATES, timestep: TIMESTEP, sample: SAMPLE }],
    [
      'inputs of other names',
      {
        timestep: { ...TIMESTEP, name: 't' },
        sample: { ...SAMPLE, name: 'x_noisy' },
        encoder_hidden_states: { ...STATES, name: 'context' },
      },
    ],
  ] as [string, Record<string, NewPort>][])('a UNet with %s', async (_, inputs) => {
    const folder = pipelineWith(() => undefined);
    await writePorts(join(SD_TINY, 'unet/model.onnx'), join(folder, 'unet/model.onnx'), inputs);
    await drawsTheSame(folder);
  });

  it('a UNet with a differently named output, and with optional inputs', async () => {
    const folder = pipelineWith(() => undefined);
    await writePorts(join(SD_TINY, 'unet/model.onnx'), join(folder, 'unet/model.onnx'), UNET, {
      more: [
        { name: 'encoder_attention_mask', type: 'int64', shape: ['b', 77] },
        { name: 'cross_attention_scale', type: 'float32', shape: [1] },
        { name: 'lora_scale', type: 'float32', shape: [] },
      ],
      outputs: { out_sample: { name: 'sample_out', type: 'float32', shape: ['b', 4, 'h', 'w'] } },
    });
    await drawsTheSame(folder);
  });

  it.each([
    ['of other names', { name: 'z', type: 'float32', shape: ['b', 4, 'h', 'w'] }],
    ['for two at a time', { name: 'latent_sample', type: 'float32', shape: [2, 4, 8, 8] }],
  ] as [string, NewPort][])('a decoder with inputs %s', async (_, port) => {
    const folder = pipelineWith(() => undefined);
    const [from, to] = [SD_TINY, folder].map((each) => join(each, 'vae_decoder/model.onnx'));
    await writePorts(from, to, { latent_sample: port });
    await drawsTheSame(folder);
  });

  it.each([
    [
      'unet',
      UNET,
      [{ name: 'timestep_cond', type: 'float32', shape: ['b', 256] }],
      /with sample, timestep, encoder_hidden_states, timestep_cond, which is the UNet of a latent consistency model; /,
    ],
    [
      'unet',
      { ...UNET, encoder_hidden_states: { ...STATES, shape: ['b', 64, 48] } },
      [],
      /expected a UNet for texts of 77 tokens, got one for 64; /,
    ],
  ] as [string, Record<string, NewPort>, NewPort[], RegExp][])(
    'refused: %s %#',
    async (part, inputs, more, message) => {
      const folder = pipelineWith(() => undefined);
      await writePorts(join(SD_TINY, part, 'model.onnx'), join(folder, part, 'model.onnx'), inputs, { more });
      await expect(openPipeline(folder, await readScheduler(folder, 'unipc'), 'cpu')).rejects.toThrow(message);
      await expect(inspectPipeline(folder)).rejects.toThrow(message);
    },
  );

  it('refused: an unreasonably long name, and no outputs', async () => {
    const folder = pipelineWith(() => undefined);
    const [from, to] = [SD_TINY, folder].map((each) => join(each, 'unet/model.onnx'));
    await writePorts(from, to, { ...UNET, sample: { ...SAMPLE, name: 'x'.repeat(70_000) } });
    await expect(inspectPipeline(folder)).rejects.toThrow(
      /unet\/model\.onnx: expected the description of an input or output of at most 65536 bytes, got 700\d\d at byte /,
    );
    const inputs = Object.values(UNET).map(({ name, type, shape }) => bytes(GRAPH.input, valueInfo(name, type, shape)));
    writeFileSync(to, bytes(MODEL.graph, inputs));
    await expect(inspectPipeline(folder)).rejects.toThrow(
      /unet\/model\.onnx: expected a UNet that gives .*, got one without outputs; /,
    );
  });

  it('a picture size that the decoder cannot produce is reported before the first step', async () => {
    const folder = pipelineWith(() => undefined);
    const [from, to] = [SD_TINY, folder].map((each) => join(each, 'vae_decoder/model.onnx'));
    await writePorts(from, to, { latent_sample: { ...SAMPLE, name: 'latent_sample', shape: [1, 4, 8, 8] } });
    const pipeline = await openPipeline(folder, await readScheduler(folder, 'unipc'), 'cpu');
    const request = { prompt: Float32Array.from(ones(77 * 48)), negative: Float32Array.from(ones(77 * 48)) };
    const draw = async () =>
      pipeline.denoise({
        ...request,
        noise: new Float32Array(4 * 8 * 16),
        height: 64,
        width: 128,
        guidance: 1,
        steps: 2,
      });
    await expect(draw()).rejects.toThrow(
      /vae_decoder\/model\.onnx: expected a VAE decoder for pictures of 128 × 64 pixels, got one only for 64 × 64; give --width 64 --height 64$/,
    );
    await pipeline.release();
  });
});

describe('the scaling factor of latents', () => {
  /** The picture of the same latents, in a pipeline that has these files, too. */
  async function pictureWith(files: Readonly<Record<string, string>>, factor = 1): Promise<Uint8Array> {
    const folder = pipelineWith((each) => {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(join(each, name, '..'), { recursive: true });
        writeFileSync(join(each, name), text);
      }
    });
    const pipeline = await openPipeline(folder, await readScheduler(folder, 'unipc'), 'cpu');
    const latents = (await expected.read(`${cases[0].name}.latents`)).map((value) => value * factor);
    const { data } = await pipeline.decode(latents, 64, 64);
    await pipeline.release();
    return data;
  }

  it.each(['vae_decoder/config.json', 'vae/config.json'])('is read from %s', async (name) => {
    const scaled = await pictureWith({ [name]: '{"scaling_factor": 0.13025}' }, 0.13025 / 0.18215);
    const standard = await pictureWith({});
    expect(largestDifference(scaled, standard)).toBeLessThanOrEqual(1);
    expect(await pictureWith({ [name]: '{"scaling_factor": 0.13025}' })).not.toEqual(standard);
  });

  it('is 0.18215 unless a file says otherwise', async () => {
    const files = { 'vae_decoder/config.json': '{"_class_name": "AutoencoderKL"}', 'vae/config.json': '{}' };
    expect(await pictureWith(files)).toEqual(await pictureWith({}));
  });

  it.each(['0', '-1', 'Infinity', 'NaN', '"0.18215"', '[0.18215]'])('is not %s', async (value) => {
    await expect(pictureWith({ 'vae/config.json': `{"scaling_factor": ${value}}` })).rejects.toThrow(
      /vae\/config\.json: expected a number above 0, got .+ \(scaling_factor\); get the file again$/,
    );
  });
});

describe('a scheduler configuration as Python writes it', () => {
  const DPM = {
    _class_name: 'DPMSolverMultistepScheduler',
    beta_end: 0.012,
    beta_schedule: 'scaled_linear',
    beta_start: 0.00085,
    steps_offset: 1,
    algorithm_type: 'dpmsolver++',
    solver_type: 'midpoint',
    lambda_min_clipped: 'MINUS',
    variance_type: null,
  };

  it('may have numbers that JSON lacks', async () => {
    const text = JSON.stringify(DPM, null, 2).replace('"MINUS"', '-Infinity');
    const folder = pipelineWith((each) => {
      writeFileSync(join(each, 'scheduler/scheduler_config.json'), text);
    });
    expect(await readScheduler(folder, 'unipc')).toMatchObject({ name: 'unipc', betaEnd: 0.012, solverType: 'bh2' });
  });

  it.each([
    [
      '"sigma_max": Infinity',
      /expected a number, got Infinity \(sigma_max\); choose another --scheduler, or get the file again$/,
    ],
    [
      '"beta_start": NaN',
      /expected a number above 0 and up to 1, got NaN \(beta_start\); choose another --scheduler, or get the file again$/,
    ],
  ])('is refused with %s, which is named', async (field, message) => {
    const folder = pipelineWith((each) => {
      writeFileSync(join(each, 'scheduler/scheduler_config.json'), `{${field}}`);
    });
    await expect(readScheduler(folder, 'unipc')).rejects.toThrow(message);
  });
});

/** A copy of the pipeline with a change. */
function pipelineWith(change: (folder: string) => void): string {
  const folder = join(temporaryFolder(), 'pipeline');
  cpSync(SD_TINY, folder, { recursive: true });
  change(folder);
  return folder;
}

describe('a pipeline is refused', () => {
  const schedulerOf =
    (text: string) =>
    (folder: string): void => {
      writeFileSync(join(folder, 'scheduler/scheduler_config.json'), text);
    };

  it('with a text encoder in place of the UNet', async () => {
    const folder = pipelineWith(() => undefined);
    await writeOnnx(join(folder, 'unet/model.onnx'), await openPretrained(join(PARITY, 'student'), 0));
    await expect(openPipeline(folder, await readScheduler(folder, 'unipc'), 'cpu')).rejects.toThrow(
      /unet\/model\.onnx: expected a UNet with the inputs .*, got one with input_ids, which is a text encoder; put the pipeline's own file there$/,
    );
  });

  it.each([
    [
      'without a decoder',
      (folder) => {
        rmSync(join(folder, 'vae_decoder'), { recursive: true });
      },
      /vae_decoder\/model\.onnx: expected a part of the pipeline, found no such file; give a Stable Diffusion/,
    ],
    [
      'for PyTorch',
      (folder) => {
        renameSync(join(folder, 'unet/model.onnx'), join(folder, 'unet/diffusion_pytorch_model.safetensors'));
      },
      /unet\/model\.onnx: expected a part of the pipeline, found no such file; diffusion_pytorch_model\.safetensors beside it is for PyTorch: /,
    ],
    [
      'with a UNet that is cut short',
      (folder) => {
        truncateSync(join(folder, 'unet/model.onnx'), 5000);
      },
      /unet\/model\.onnx: expected the field at byte \d+ to end at 8\d+, found the end at 5000: it is damaged or cut short; get the file again$/,
    ],
    [
      'with a UNet that is none',
      (folder) => {
        writeFileSync(join(folder, 'unet/model.onnx'), 'version https://git-lfs.github.com/spec/v1\n');
      },
      /unet\/model\.onnx: expected a field of a Protocol Buffers message at byte 0, found something else; this is the pointer of a Git LFS file/,
    ],
    [
      'with a UNet of an opset to come',
      (folder) => {
        setOpset(join(folder, 'unet/model.onnx'), 99);
      },
      /unet\/model\.onnx: expected an ONNX opset up to \d+, which ONNX Runtime knows, got 99; export the model with an older one$/,
    ],
    [
      'with a UNet that is empty',
      (folder) => {
        writeFileSync(join(folder, 'unet/model.onnx'), '');
      },
      /unet\/model\.onnx: expected an ONNX model that ONNX Runtime can load, got "Load model from the file failed: ModelProto does not have a graph\."; get the file/,
    ],
    [
      'with a decoder that is a UNet',
      (folder) => {
        cpSync(join(folder, 'unet/model.onnx'), join(folder, 'vae_decoder/model.onnx'));
      },
      /vae_decoder\/model\.onnx: expected a VAE decoder with the inputs latent_sample, got one with sample/,
    ],
    [
      'with a scheduler that is no JSON',
      schedulerOf('{"beta_start": 0.1,'),
      /scheduler_config\.json: expected JSON, got .*; get the file again$/,
    ],
    [
      'with a prediction that is not known',
      schedulerOf('{"prediction_type": "flow"}'),
      /scheduler_config\.json: expected one of epsilon, sample, v_prediction, got "flow" \(prediction_type\)/,
    ],
    [
      'with a scheduler that is not supported',
      schedulerOf('{"use_flow_sigmas": true}'),
      /scheduler_config\.json: expected false or no value, .* \(use_flow_sigmas\)/,
    ],
  ] as [string, (folder: string) => void, RegExp][])('%s', async (_, change, message) => {
    const folder = pipelineWith(change);
    const open = async () => openPipeline(folder, await readScheduler(folder, 'unipc'), 'cpu');
    const error = await open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('\n');
    const inspect = async () => {
      await checkPipelineLoads(await inspectPipeline(folder), { height: 64, width: 64 });
    };
    if (!message.source.includes('scheduler')) await expect(inspect()).rejects.toThrow(InputError);
  });
});
