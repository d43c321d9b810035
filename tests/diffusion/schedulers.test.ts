import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { alphasCumprod } from '../../src/diffusion/noise-schedule.js';
import { parseSchedulerConfig } from '../../src/diffusion/parse-scheduler-config.js';
import type { SchedulerName } from '../../src/diffusion/scheduler-config.js';
import { createScheduler } from '../../src/diffusion/create-scheduler.js';
import { largestDifference } from '../fixtures/index.js';

interface Golden {
  readonly config: Readonly<Record<string, unknown>>;
  readonly start: readonly number[];
  readonly weights: readonly number[];
  readonly cases: readonly {
    readonly name: SchedulerName;
    readonly steps: number;
    readonly over: Readonly<Record<string, unknown>>;
    readonly timesteps: readonly number[];
    readonly result: readonly number[];
  }[];
}

/**
 * The results of diffusers' schedulers from one start, with a stand-in for the model, configured by Stable Diffusion
 * v1-4's file with changes.
 */
const GOLDEN = JSON.parse(readFileSync(new URL('schedulers.golden.json', import.meta.url), 'utf8')) as Golden;

/** A smooth function of sample and time as a stand-in for the model: 0.9 · tanh(w·x·(1 + t/2000) + t/1000). */
function standIn(sample: Float32Array, timestep: number): Float32Array {
  return sample.map((value, i) => 0.9 * Math.tanh(GOLDEN.weights[i] * value * (1 + timestep / 2000) + timestep / 1000));
}

function parse(over: object, name: SchedulerName) {
  return parseSchedulerConfig({ ...GOLDEN.config, ...over }, name, 'scheduler_config.json');
}

describe('schedulers', () => {
  it.each(
    GOLDEN.cases.map(
      (golden) =>
        [`${golden.name}, ${golden.steps} steps, ${JSON.stringify(golden.over).slice(0, 120)}`, golden] as const,
    ),
  )('agree with those of diffusers: %s', (_, { name, steps, over, timesteps, result }) => {
    const scheduler = createScheduler(parse(over, name), steps);
    expect(scheduler.timesteps).toEqual(timesteps);
    let sample: Float32Array = Float32Array.from(GOLDEN.start);
    for (const timestep of scheduler.timesteps) sample = scheduler.step(standIn(sample, timestep), sample);
    expect(largestDifference(sample, result)).toBeLessThan(2e-5 * Math.max(1, ...result.map(Math.abs)));
  });

  it.each([2, 3, 4])('of order %i stay finite where the last step ends at the level where it began', (order) => {
    for (const levels of [{ use_karras_sigmas: true }, { use_exponential_sigmas: true }, {}]) {
      const over = { ...levels, solver_order: order, lower_order_final: false, final_sigmas_type: 'sigma_min' };
      const scheduler = createScheduler(parse({ ...over, timestep_spacing: 'linspace' }, 'unipc'), 8);
      let sample: Float32Array = Float32Array.from(GOLDEN.start);
      for (const timestep of scheduler.timesteps) sample = scheduler.step(standIn(sample, timestep), sample);
      expect([...sample].every(Number.isFinite), JSON.stringify(over)).toBe(true);
    }
  });

  it.each([
    ['ddim', 'trailing', {}],
    ['unipc', 'trailing', {}],
    ['unipc', 'linspace', {}],
    ['unipc', 'linspace', { use_karras_sigmas: true }],
  ] as const)('say that zero terminal SNR is impossible with noise prediction: %s, %s, %j', (name, spacing, more) => {
    const over = { rescale_betas_zero_snr: true, clip_sample: false, timestep_spacing: spacing, ...more };
    expect(() => createScheduler(parse(over, name), 5)).toThrow(
      /^scheduler_config\.json: expected prediction_type v_prediction or sample with rescale_betas_zero_snr \(zero terminal SNR\), got epsilon, [^\n]+$/,
    );
    for (const right of [{ prediction_type: 'v_prediction' }, { timestep_spacing: 'leading', steps_offset: 0 }])
      expect(createScheduler(parse({ ...over, use_karras_sigmas: false, ...right }, name), 5).timesteps).toHaveLength(
        5,
      );
  });

  it.each([
    // SHA-256 of diffusers' alphas_cumprod as float32
    [{}, 'b0c6833c866f3aae5d58606971a4297931251d8ed9c31d9a8b849e13ca14e3b6'],
    [{ beta_schedule: 'linear' }, 'd1e37ed557c9cd24a4539e5ddceb66f71ed0a68202c8593a1aaa4a0554356d33'],
    [{ beta_schedule: 'squaredcos_cap_v2' }, 'f32ff0b43921c3125e2d7457bebc7aa5dd64586e4c1c837c2653aa637b657525'],
  ])('have the noise levels of diffusers to the last bit: %j', (over, hash) => {
    expect(
      createHash('sha256')
        .update(Buffer.from(alphasCumprod(parse(over, 'ddim')).buffer))
        .digest('hex'),
    ).toBe(hash);
  });

  it.each([
    [{ num_train_timesteps: 999, beta_end: 0.05 }, 6, [997, 852, 674, 427, 59, 0]],
    [{ num_train_timesteps: 999, beta_end: 0.02, sigma_min: 0.002 }, 3, [997, 159, 0]],
    [{ num_train_timesteps: 250, beta_schedule: 'scaled_linear', beta_end: 0.0195 }, 64, [249, 241, 234, 226]],
  ])("visit the time steps of diffusers if NumPy's rounding decides on the first: %j", (over, steps, first) => {
    const standard = { beta_start: 0.0001, beta_schedule: 'linear', use_exponential_sigmas: true };
    const { timesteps } = createScheduler(parse({ ...standard, ...over }, 'unipc'), steps);
    expect(timesteps.slice(0, first.length)).toEqual(first);
  });

  it('refuse to space levels between time steps without noise, or with a single one', () => {
    const betas = { num_train_timesteps: 3, trained_betas: [1e-9, 0.1, 0.2], sigma_min: 0.001 };
    const single = { num_train_timesteps: 1, sigma_min: 0.001 };
    for (const over of [betas, single])
      expect(() => createScheduler(parse({ ...over, use_karras_sigmas: true }, 'unipc'), 2)).toThrow(
        /^scheduler_config\.json: expected two time steps of training or more, each with noise, .* set use_karras_sigmas to false$/,
      );
  });

  it('produce finite numbers where diffusers divides by zero: bh1 down to no noise, and ε with it', () => {
    for (const over of [{ solver_type: 'bh1' }, { predict_x0: false }, { lower_order_final: false, solver_order: 3 }]) {
      const scheduler = createScheduler(parse(over, 'unipc'), 6);
      let sample: Float32Array = Float32Array.from(GOLDEN.start);
      for (const timestep of scheduler.timesteps) sample = scheduler.step(standIn(sample, timestep), sample);
      expect(sample.every(Number.isFinite)).toBe(true);
    }
  });

  it('take fields for absent that hold defaults of the scheduler that wrote the file', () => {
    const file = { timestep_spacing: 'leading', steps_offset: 1, _use_default_values: ['timestep_spacing', 'other'] };
    expect(parse(file, 'unipc')).toMatchObject({ timestepSpacing: 'linspace', stepsOffset: 1 });
    expect(parse({ ...file, _use_default_values: [] }, 'unipc')).toMatchObject({ timestepSpacing: 'leading' });
    expect(() => parse({ _use_default_values: 'all' }, 'ddim')).toThrow(/expected a list.*_use_default_values/);
  });

  it.each([
    [
      'unipc',
      { use_flow_sigmas: true },
      'expected false or no value, as no other is supported, got true (use_flow_sigmas); choose another --scheduler',
    ],
    ['unipc', { solver_type: 'rk4' }, 'expected one of bh1, bh2, midpoint, heun, logrho, got "rk4" (solver_type)'],
    ['pndm', { prediction_type: 'sample' }, 'expected one of epsilon, v_prediction, got "sample" (prediction_type)'],
    [
      'ddim',
      { beta_schedule: 'sigmoid' },
      'expected one of linear, scaled_linear, squaredcos_cap_v2, got "sigmoid" (beta_schedule)',
    ],
    [
      'ddim',
      { trained_betas: [0.1, 0.2] },
      'expected as many numbers as num_train_timesteps says, 1000, got a list of 2 (trained_betas)',
    ],
    [
      'ddim',
      { num_train_timesteps: 'many' },
      'expected a whole number from 1 to 1000000, got "many" (num_train_timesteps)',
    ],
  ] as const)('of %s refuse %j', (name, over, message) => {
    expect(() => parse(over, name)).toThrow(`scheduler_config.json: ${message}`);
  });

  it.each([
    ['ddim', 'clip_sample', 'clipRange', undefined],
    ['ddim', 'set_alpha_to_one', 'setAlphaToOne', false],
    ['unipc', 'predict_x0', 'predictX0', false],
    ['unipc', 'lower_order_final', 'lowerOrderFinal', false],
    ['unipc', 'thresholding', 'thresholding', undefined],
    ['pndm', 'skip_prk_steps', 'skipPrkSteps', false],
  ] as const)('of %s treat null for %s as off, like None in Python', (name, field, property, off) => {
    expect(parse({ [field]: null }, name)).toHaveProperty(property, off);
    expect(parse({ [field]: null }, name)).toEqual(parse({ [field]: false }, name));
  });

  it('ignore the fields of others', () => {
    expect(parse({ skip_prk_steps: 'unknown to DDIM', timestep_type: 'discrete' }, 'ddim')).toMatchObject({
      name: 'ddim',
      timestepSpacing: 'leading',
    });
  });

  it.each([
    ['ddim', 1001, {}, 'expected at most 1000'],
    ['unipc', 1000, { timestep_spacing: 'leading' }, 'expected at most 999'],
    ['unipc', 1000, {}, 'expected steps that each remove noise, got time step'],
    ['ddim', 1000, {}, "expected time steps below the model's 1000, got 1000"],
    ['pndm', 3, { skip_prk_steps: false }, 'expected at least 4'],
  ] as const)('of %s refuse %d steps', (name, steps, over, message) => {
    expect(() => createScheduler(parse(over, name), steps)).toThrow(`--steps: ${message}`);
  });
});
