/** @file Parsers of flag values, each of which says what it expects (commander words the rest), and flags that commands share. */
import { InvalidArgumentError, Option } from 'commander';
import type { DeviceChoice } from '../tensorflow/gpu-choice.js';
import { BACKENDS } from '../tensorflow/backend.js';
import { LARGEST_SEED } from '../base/philox.js';

function number(text: string, expected: string, allowed: (value: number) => boolean): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!allowed(value)) throw new InvalidArgumentError(`Expected ${expected}.`);
  return value;
}

/** 1, 2, 3, …; `1_000_000` is read too. */
export const count = (text: string): number =>
  number(
    text.replaceAll('_', ''),
    'a whole number of at least 1',
    (value) => Number.isSafeInteger(value) && value >= 1,
  );

/** `auto`, or 1, 2, 3, … */
export const countOrAuto = (text: string): number | 'auto' => {
  if (text === 'auto') return text;
  return number(
    text.replaceAll('_', ''),
    'auto or a whole number of at least 1',
    (value) => Number.isSafeInteger(value) && value >= 1,
  );
};

/** A number above 0. */
export const positive = (text: string): number =>
  number(text, 'a number above 0', (value) => value > 0 && Number.isFinite(value));

/** A number of at least 0. */
export const nonNegative = (text: string): number =>
  number(text, 'a number of at least 0', (value) => value >= 0 && Number.isFinite(value));

/** A share: 0 ≤ x < 1. */
export const share = (text: string): number =>
  number(text, 'a number from 0 up to, not including, 1', (value) => value >= 0 && value < 1);

/** A share: 0 ≤ x ≤ 1. */
export const ratio = (text: string): number =>
  number(text, 'a number from 0 to 1', (value) => value >= 0 && value <= 1);

/** A seed: 0 … 2³¹ − 1. */
export const seed = (text: string): number =>
  number(
    text,
    `a whole number from 0 to ${LARGEST_SEED}`,
    (value) => Number.isInteger(value) && value >= 0 && value <= LARGEST_SEED,
  );

/** Pixels along a side of a picture: a multiple of 8, as a latent stands for 8. */
export const pixels = (text: string): number =>
  number(text, 'a multiple of 8 from 8 to 4096', (value) => Number.isInteger(value / 8) && value >= 8 && value <= 4096);

/** Names with commas between them. */
export function list(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('Expected names with commas between them.');
  return names;
}

/** `--backend`: what computes. */
export const backendOption = (): Option =>
  new Option('--backend <name>', "TensorFlow's kernels, or JavaScript's").choices(BACKENDS).default('auto');

/** `auto`, `gpu`, `gpu:N`, `cpu`. */
export function device(text: string): DeviceChoice {
  if (!/^(auto|cpu|gpu(:\d+)?)$/.test(text))
    throw new InvalidArgumentError('Expected auto, cpu, gpu, or gpu:N for the N-th GPU, counted from 0.');
  return text as DeviceChoice;
}

/** `--device`: where TensorFlow computes. */
export const deviceOption = (): Option =>
  new Option('--device <name>', 'auto, cpu, gpu, or gpu:N').argParser(device).default('auto');
