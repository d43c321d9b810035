/** @file The first message between processes of a run; the processes must agree in its contents. */

/** What a process says about itself. */
export interface Hello {
  /** How many processes it expects. */
  readonly count: number;
  readonly version: string;
  /** The command it is running: `kd train`. */
  readonly command: string;
  /** Milliseconds that it waits for others. It must be the same everywhere, as it determines the heartbeat interval. */
  readonly timeout: number;
}

/** How another process differs from rank 0, and what to do about it; undefined if it agrees. */
export function differenceOf(first: Hello, other: Hello): string | undefined {
  const not = (expected: string, got: string | number, advice: string): string =>
    `expected ${expected}, as rank 0 has, got ${got}; ${advice}`;
  if (other.count !== first.count) return not(`${first.count} ranks`, other.count, 'give all ranks the same hosts');
  if (other.version !== first.version)
    return not(`kd ${first.version}`, other.version, 'install the same version everywhere');
  if (other.command !== first.command) return not(first.command, other.command, 'start every rank with the same');
  if (other.timeout === first.timeout) return undefined;
  return not(`--cluster-timeout ${first.timeout / 1000}`, other.timeout / 1000, 'start every rank with the same');
}
