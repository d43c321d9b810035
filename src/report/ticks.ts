/** @file Tick positions and labels of an axis. */

/** The most ticks of a logarithmic axis. */
const MAX_TICKS = 7;

/** Sets of mantissas that get a tick, the densest first; the first that fits is used. */
const MANTISSAS = [
  [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 1.5, 2, 3, 5, 7],
  [1, 2, 3, 5, 7],
  [1, 2, 5],
  [1, 3],
  [1],
] as const;

/** Round numbers between two positive ones, for a logarithmic axis: as many as fit, whatever the range. */
export function logTicks(low: number, high: number, most: number = MAX_TICKS): number[] {
  const powers = Array.from(
    { length: Math.floor(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 },
    (_, i) => Math.floor(Math.log10(low)) + i,
  );
  const candidates = MANTISSAS.map((mantissas) =>
    powers
      .flatMap((power) => mantissas.map((mantissa) => Number((mantissa * 10 ** power).toPrecision(2))))
      .filter((tick) => tick >= low && tick <= high),
  );
  return candidates.find((ticks) => ticks.length <= most) ?? everyNth(candidates.at(-1)!, most);
}

function everyNth(ticks: readonly number[], most: number): number[] {
  const n = Math.ceil(ticks.length / most);
  return ticks.filter((_, i) => i % n === 0);
}

/** A tick's label in its shortest form: `0.05`, `300`, `9,000`, `12k`, `1.5M`, `2e24`. */
export function tickLabel(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return Number(value.toPrecision(3)).toExponential().replace('e+', 'e');
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  if (size !== 0 && size < 1e-3) return Number(value.toPrecision(4)).toExponential().replace(/e-0?/, 'e−');
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}
