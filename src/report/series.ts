/**
 * @file A curve of any length as a bounded number of points. Rows fall into buckets of equally many steps; when there
 * are too many buckets, each two are merged. A bucket depends only on its rows, so a curve built row by row equals one
 * built at once.
 */

/** The columns of the training log that are plotted. */
export const CURVES = ['loss', 'loss_en', 'loss_ko', 'grad_norm', 'pairs_per_second', 'learning_rate'] as const;
export type Curve = (typeof CURVES)[number];

export type CurveRow = Readonly<Record<Curve | 'step' | 'epoch', number>>;

/** The values of one column in a bucket. */
interface Extent {
  /** The sum of the finite values. */
  sum: number;
  min: number;
  max: number;
  finite: number;
}

/** Rows whose steps lie between two multiples of the series' width. */
interface Bucket {
  readonly index: number;
  /** The last step and its epoch. */
  step: number;
  epoch: number;
  rows: number;
  readonly extents: Record<Curve, Extent>;
}

/** The most buckets in a series. */
export const MAX_BUCKETS = 2048;

/** A curve as plotted, with one value per bucket: NaN if none of its values is finite. */
export interface CurvePoints {
  readonly mean: number[];
  readonly min: number[];
  readonly max: number[];
}

/** Curves over the steps of a run. */
export interface Points {
  readonly step: number[];
  readonly epoch: number[];
  readonly curves: Readonly<Record<Curve, CurvePoints>>;
}

/** A series as JSON: numbers rounded to more digits than a screen shows, null for NaN. */
export interface SeriesJson {
  readonly width: number;
  readonly rows: number;
  /** The first step whose loss is NaN or infinite. */
  readonly nonFinite: number | null;
  readonly step: number[];
  readonly epoch: number[];
  /** Rows per bucket; absent if every bucket has one row, so that its mean is also its minimum and maximum. */
  readonly count?: number[];
  readonly curves: Readonly<Record<Curve, CurveJson>>;
}

/** A curve of a series as JSON. */
interface CurveJson {
  readonly mean: (number | null)[];
  readonly min?: (number | null)[];
  readonly max?: (number | null)[];
  /** The finite values per bucket, over which the mean is; absent if all of every bucket, or none, are finite. */
  readonly finite?: number[];
}

/** A series that rows can be added to. */
export class Series {
  private width = 1;
  private buckets: Bucket[] = [];
  rows = 0;
  nonFinite: number | undefined;

  /** Adds rows with rising steps. */
  add(rows: Iterable<CurveRow>): void {
    for (const row of rows) {
      this.rows++;
      if (!Number.isFinite(row.loss)) this.nonFinite ??= row.step;
      const index = Math.floor((row.step - 1) / this.width);
      const last = this.buckets.at(-1);
      if (last?.index === index) merge(last, bucketOf(row, index));
      else this.buckets.push(bucketOf(row, index));
      if (this.buckets.length > MAX_BUCKETS) this.halve();
    }
  }

  points(): Points {
    const curveOf = (curve: Curve): CurvePoints => {
      const extents = this.buckets.map(({ extents }) => extents[curve]);
      const value = (extent: Extent, key: 'min' | 'max'): number => (extent.finite === 0 ? NaN : extent[key]);
      return {
        mean: extents.map(({ sum, finite }) => (finite === 0 ? NaN : sum / finite)),
        min: extents.map((extent) => value(extent, 'min')),
        max: extents.map((extent) => value(extent, 'max')),
      };
    };
    return {
      step: this.buckets.map(({ step }) => step),
      epoch: this.buckets.map(({ epoch }) => epoch),
      curves: Object.fromEntries(CURVES.map((curve) => [curve, curveOf(curve)])) as Record<Curve, CurvePoints>,
    };
  }

  toJSON(): SeriesJson {
    const { step, epoch, curves } = this.points();
    const isMerged = this.buckets.some(({ rows }) => rows > 1);
    const curveJson = (curve: Curve): CurveJson => {
      const { mean, min, max } = curves[curve];
      if (!isMerged) return { mean: mean.map(shortened) };
      const isMixed = this.buckets.some(({ rows, extents: { [curve]: of } }) => of.finite > 0 && of.finite < rows);
      return {
        mean: mean.map(shortened),
        min: min.map(shortened),
        max: max.map(shortened),
        ...(isMixed ? { finite: this.buckets.map(({ extents }) => extents[curve].finite) } : {}),
      };
    };
    return {
      width: this.width,
      rows: this.rows,
      nonFinite: this.nonFinite ?? null,
      step,
      epoch,
      ...(isMerged ? { count: this.buckets.map(({ rows }) => rows) } : {}),
      curves: Object.fromEntries(CURVES.map((curve) => [curve, curveJson(curve)])) as SeriesJson['curves'],
    };
  }

  /** Restores a series from `toJSON`, to add more rows. */
  static from(json: SeriesJson): Series {
    const series = new Series();
    series.width = json.width;
    series.rows = json.rows;
    series.nonFinite = json.nonFinite ?? undefined;
    series.buckets = json.step.map((step, i) => {
      const rows = json.count?.[i] ?? 1;
      const extentOf = ({ mean, min = mean, max = mean, finite }: CurveJson): Extent => {
        if (mean[i] === null) return emptyExtent();
        const count = finite?.[i] ?? rows;
        return { sum: mean[i]! * count, min: min[i]!, max: max[i]!, finite: count };
      };
      const extents = Object.fromEntries(CURVES.map((curve) => [curve, extentOf(json.curves[curve])])) as Record<
        Curve,
        Extent
      >;
      return { index: Math.floor((step - 1) / json.width), step, epoch: json.epoch[i]!, rows, extents };
    });
    return series;
  }

  /** Doubles the width of the buckets. */
  private halve(): void {
    this.width *= 2;
    const wider: Bucket[] = [];
    for (const bucket of this.buckets) {
      const moved = { ...bucket, index: Math.floor(bucket.index / 2) };
      const last = wider.at(-1);
      if (last?.index === moved.index) merge(last, moved);
      else wider.push(moved);
    }
    this.buckets = wider;
  }
}

function bucketOf(row: CurveRow, index: number): Bucket {
  const extentOf = (value: number): Extent =>
    Number.isFinite(value) ? { sum: value, min: value, max: value, finite: 1 } : emptyExtent();
  const extents = Object.fromEntries(CURVES.map((curve) => [curve, extentOf(row[curve])])) as Record<Curve, Extent>;
  return { index, step: row.step, epoch: row.epoch, rows: 1, extents };
}

const emptyExtent = (): Extent => ({ sum: 0, min: Infinity, max: -Infinity, finite: 0 });

/** Merges a later bucket into an earlier one. */
function merge(into: Bucket, later: Bucket): void {
  into.step = later.step;
  into.epoch = later.epoch;
  into.rows += later.rows;
  for (const curve of CURVES) {
    const [a, b] = [into.extents[curve], later.extents[curve]];
    a.sum += b.sum;
    a.finite += b.finite;
    a.min = Math.min(a.min, b.min);
    a.max = Math.max(a.max, b.max);
  }
}

/** Five significant digits, more than a screen shows. */
function shortened(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(5)) : null;
}

/**
 * An exponential moving average without bias towards zero at the start (corrected as Adam's moments, arXiv 1412.6980).
 * Values that are not finite remain gaps and are ignored.
 *
 * @param weight the weight of past values, from 0 (no smoothing) to below 1
 */
export function smoothed(values: readonly number[], weight: number): number[] {
  if (weight === 0) return [...values];
  let [sum, total] = [0, 0];
  return values.map((value) => {
    if (!Number.isFinite(value)) return NaN;
    sum = weight * sum + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return sum / total;
  });
}
