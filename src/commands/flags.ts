/** @file Flag parsers and their error messages, from kinds of values. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { warnOfIdleFlags, type IdleFlags } from '../app/idle-flags.js';
import type { Reporter } from '../app/reporter.js';
import {
  choice,
  COUNT,
  NAMES,
  NON_NEGATIVE,
  PIXELS,
  RATIO,
  SEED,
  severalOf,
  SHARE,
  POSITIVE,
  type Kind,
} from '../base/kinds.js';
import { PRECISION_CHOICES } from '../engine/precision-choice.js';
import { BACKENDS } from '../tensorflow/backend-choice.js';
import { DEVICE } from '../tensorflow/device-choice.js';

/** A commander parser for a flag's value; throws if the value is not of this kind. */
export function parserOf<T>(kind: Kind<T>): (text: string) => T {
  return (text) => {
    const value = kind.parse(text);
    if (!kind.is(value)) throw new InvalidArgumentError(`Expected ${kind.expected}.`);
    return value;
  };
}

export const count = parserOf(COUNT);
export const positive = parserOf(POSITIVE);
export const nonNegative = parserOf(NON_NEGATIVE);
export const share = parserOf(SHARE);
export const ratio = parserOf(RATIO);
export const seed = parserOf(SEED);
export const pixels = parserOf(PIXELS);
export const list = parserOf(NAMES);

/** A parser of words separated by commas, each one of the choices. */
export const listFrom = <T extends string>(choices: readonly T[]): ((text: string) => T[]) =>
  parserOf(severalOf(choice(choices)));

/** Warns of those that were given on the command line, even with their defaults. */
export function warnOfIdle(command: Command, idle: readonly IdleFlags[], reporter: Pick<Reporter, 'warn'>): void {
  const given = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli');
  for (const [names, , why] of idle.filter(([, isIdle]) => isIdle)) {
    const flags = given
      .filter((option) => names.includes(option.attributeName()))
      .map(({ long, flags }) => long ?? flags);
    warnOfIdleFlags(flags, why, reporter);
  }
}

/** `--backend`: what computes. */
export const backendOption = (): Option =>
  new Option('--backend <name>', "TensorFlow's kernels, or JavaScript's").choices(BACKENDS).default('auto');

/** `--batch-size` of encoding; absent: what suits the device. */
export const encodingBatchOption = (): Option =>
  new Option(
    '--batch-size <texts>',
    'texts of full length per batch; more where they are shorter (default: 32 on a CPU, up to 256 on a GPU)',
  ).argParser(count);

/** `--precision` of encoding: the precision of matrix products. */
export const precisionOption = (): Option =>
  new Option(
    '--precision <name>',
    'precision of matrix products; bfloat16 is less exact, and faster on hardware with support for it',
  )
    .choices(PRECISION_CHOICES)
    .default('fp32');

/** `--device`: where TensorFlow computes. */
export const deviceOption = (): Option =>
  new Option('--device <name>', 'auto, cpu, gpu, or gpu:N').argParser(parserOf(DEVICE)).default('auto');
