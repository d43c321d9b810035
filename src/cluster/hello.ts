/** @file What processes of a run say first, in which they must be alike. */

/** What a process says of itself. */
export interface Hello {
  /** How many processes it knows of. */
  readonly count: number;
  readonly version: string;
  /** What it was started as: `kd train`. */
  readonly command: string;
  /** Milliseconds that it waits for another: each must give signs of life as often as the others expect them. */
  readonly timeout: number;
}

/** In what another process is not as the first, and what to do; undefined where it is. */
export function differenceOf(first: Hello, other: Hello): string | undefined {
  const not = (expected: string, got: string | number, advice: string): string =>
    `expected ${expected}, as rank 0 has, got ${got}; ${advice}`;
  if (other.count !== first.count) return not(`${first.count} ranks`, other.count, 'give all the same hosts');
  if (other.version !== first.version) return not(`kd ${first.version}`, other.version, 'install the same on all');
  if (other.command !== first.command) return not(first.command, other.command, 'start every rank with the same');
  if (other.timeout === first.timeout) return undefined;
  return not(`--cluster-timeout ${first.timeout / 1000}`, other.timeout / 1000, 'start every rank with the same');
}
