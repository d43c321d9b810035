/** Pairs and the seconds spent training on them. */
export interface Pace {
  readonly pairs: number;
  readonly seconds: number;
}

/** Measures training alone: what happens between `step()` and `resume()` does not count. */
export interface Meter {
  /** Counts a finished step. */
  step(pairs: number): void;
  /** Continues measuring after an interruption. */
  resume(): void;
  /** The rate since the last call with the same name. */
  lap(name: 'logged' | 'epoch'): Pace;
  /** Pairs per second over recent steps: a moving average over about ten steps. */
  recent(): number;
  /** Seconds of training so far. */
  seconds(): number;
}

const RECENT_WEIGHT = 0.1;

/** A new meter, running. */
export function startMeter(now: () => number = () => performance.now() / 1000): Meter {
  let mark = now();
  let total: Pace = { pairs: 0, seconds: 0 };
  let recentRate: number | undefined;
  const laps: Record<'logged' | 'epoch', Pace> = { logged: total, epoch: total };
  return {
    step(pairs) {
      const seconds = now() - mark;
      mark += seconds;
      total = { pairs: total.pairs + pairs, seconds: total.seconds + seconds };
      const rate = pairs / Math.max(seconds, 1e-9);
      recentRate = recentRate === undefined ? rate : recentRate + RECENT_WEIGHT * (rate - recentRate);
    },
    resume() {
      mark = now();
    },
    lap(name) {
      const pace = { pairs: total.pairs - laps[name].pairs, seconds: total.seconds - laps[name].seconds };
      laps[name] = total;
      return pace;
    },
    recent: () => recentRate ?? 0,
    seconds: () => total.seconds,
  };
}

/** Pairs per second; 0 before anything was measured. */
export function rateOf({ pairs, seconds }: Pace): number {
  return seconds > 0 ? pairs / seconds : 0;
}
