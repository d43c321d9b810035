import { describe, expect, it } from 'vitest';
import type { Port } from '../../src/diffusion/onnx-signature.js';
import { assignRoles, outputOf, defaultInputs } from '../../src/diffusion/ports.js';
import { checkedOutput, checkPictureSize, wrongInputs } from '../../src/diffusion/wrong-model.js';

const port = (name: string, shape: Port['shape'], type = 'float32'): Port => ({ name, shape, type });
const ROLES = {
  sample: { names: ['sample', 'latents'], ranks: [4] },
  time: { names: ['timestep'], ranks: [0, 1] },
};

describe('inputs', () => {
  it('have roles by their names, else by their ranks', () => {
    const [other, time] = [port('other', ['b', 4, 'h', 'w']), port('t', [])];
    expect(assignRoles([time, other], ROLES)).toEqual({ sample: other, time });
    const named = port('latents', ['b', 4, 'h', 'w']);
    expect(assignRoles([other, named, time], ROLES)).toBeUndefined(); // one too many
    expect(assignRoles([other], ROLES)).toBeUndefined(); // none for the time
    expect(assignRoles([port('sample', [2, 2]), time], ROLES)).toBeUndefined();
    expect(assignRoles([other, time, port('return_dict', [], 'bool'), port('toString', [1])], ROLES)).toBeUndefined();
    expect(assignRoles([other, time, port('return_dict', [], 'bool')], ROLES)).toEqual({ sample: other, time });
  });

  it('without a role have a default value', () => {
    const inputs = [port('lora_scale', [1]), port('return_dict', [], 'bool'), port('attention_mask', ['b', 77])];
    const values = defaultInputs([...inputs, port('sample', [])], 2);
    expect(values).toEqual({
      lora_scale: { values: Float32Array.of(1), shape: [1] },
      return_dict: { values: Float32Array.of(0), shape: [] },
      attention_mask: { values: new Float32Array(2 * 77).fill(1), shape: [2, 77] },
    });
  });

  it('show which model is in the place of another', () => {
    const messageFor = (...inputs: Port[]): string =>
      wrongInputs({ location: 'model.onnx', inputs, outputs: [] }, 'a VAE decoder', ['latent_sample']).message;
    expect(messageFor(port('sample', ['b', 3, 'h', 'w']))).toMatch(/got one with sample, which is a VAE encoder; /);
    expect(messageFor(port('sample', []), port('text_embeds', []))).toMatch(/the UNet of a Stable Diffusion XL; /);
    const [inputs, outputs] = [[port('pixel_values', ['b', 3, 224, 224])], [port('logits', ['b', 1000])]];
    expect(wrongInputs({ location: 'm', inputs, outputs }, 'a UNet', ['sample']).message).toMatch(
      /got one with pixel_values, which is an image classifier; /,
    );
    expect(messageFor(port('x', []))).toBe(
      "model.onnx: expected a VAE decoder with the inputs latent_sample, got one with x; put the pipeline's own " +
        'file there',
    );
  });

  it('may fix the size of a picture', () => {
    const check = (shape: Port['shape']) => () => {
      checkPictureSize('m', 'a UNet', port('sample', shape), 512, 768);
    };
    expect(check(['b', 4, 'h', 'w'])).not.toThrow();
    expect(check([1, 4, 64, 96])).not.toThrow();
    expect(check([1, 4, -1, 64])).toThrow(
      'm: expected a UNet for pictures of 768 × 512 pixels, got one only for 512 × 512; give --width 512 --height 512',
    );
  });
});

it('an output is found by its name, else by its dimensions', () => {
  const [flat, square] = [port('a', ['b', 8]), port('b', ['b', 4, 8, 8])];
  expect(outputOf([flat, square, port('sample', [])], ['out_sample', 'sample'])?.name).toBe('sample');
  expect(outputOf([flat, square], ['sample'])?.name).toBe('b');
  expect(outputOf([flat], ['sample'])?.name).toBe('a');
  expect(outputOf([], ['sample'])).toBeUndefined();
});

it('an output may declare a shape that no UNet produces', () => {
  const check = (shape: Port['shape']) => () => checkedOutput('m', 'a UNet', port('out', shape), 4);
  for (const shape of [[], ['b', 4, 'h', 'w'], [2, '', 8, 8]]) expect(check(shape)).not.toThrow();
  expect(check(['b', 1000])).toThrow(
    "m: expected a UNet that gives [B, 4, height, width], got one whose output out is [b, 1000]; put the pipeline's " +
      'own file there',
  );
  expect(check(['', 8, 'h', 'w'])).toThrow('whose output out is [?, 8, h, w]; ');
  expect(() => checkedOutput('m', 'a UNet', undefined, 4)).toThrow('got one without outputs; ');
});
