/** @file What only `kd train` says as one of several processes. */
import type { Output } from '../../app/output.js';
import { InputError } from '../../base/errors.js';
import type { HostFlags } from '../../cluster/hosts.js';
import type { TakenPart } from '../../training/part.js';

/** Throws an `InputError` where other processes are named for what one does alone. */
export function checkIsAlone({ hosts, rank }: HostFlags): void {
  if (hosts !== undefined || rank !== undefined)
    throw new InputError(
      '--dry-run: expected neither --hosts nor --rank, as one process looks alone; leave them out, and see with ' +
        '`kd doctor` and the same flags what several take to add up their gradients',
    );
}

/** Prints what a process other than the first did. */
export function sayPart({ rank, ranks, step, stopped }: TakenPart, output: Output): void {
  output.result(`rank ${rank} of ${ranks}: ${stopped ? 'stopped after' : 'done at'} step ${step}`, {
    event: 'part',
    rank,
    ranks,
    steps: step,
    stopped,
  });
}
