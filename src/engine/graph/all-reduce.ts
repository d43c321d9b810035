/** @file Sums over ranks: TensorFlow's collective ops, recorded. */
import { sizeOf } from '../../base/shape.js';
import type { Attributes, Graph, Value } from './graph.js';
import { concat, reshape, slice } from './moves.js';

/** The devices that take steps together, counted over all processes. */
export interface CollectiveGroup {
  readonly count: number;
  /** Who carries the values: TensorFlow itself, or NVIDIA's NCCL between GPUs. */
  readonly hint: 'auto' | 'nccl';
  /** Seconds that a message may take; absent: any. */
  readonly timeout?: number | undefined;
}

/** What belongs together has one number, the same on every rank. */
const GROUP = 1;

/** Messages that the values of a step travel in: one takes several times as long, and each has its overhead. */
const BUCKETS = 16;
/** Values that a bucket has at least: under 1 MB a message costs more than what is in it. */
const LEAST_VALUES = 2 ** 18;

/**
 * Ranks that add up in order, at most. TensorFlow 2.21 names the messages of an all-to-all by two ranks written one
 * after the other, so that from 11 ranks on two of them have one name (`AllToAll` in
 * tensorflow/core/common_runtime/all_to_all.cc).
 */
export const MOST_IN_ORDER = 10;

/** Values of one flat value in a bucket. */
interface Piece {
  readonly name: string;
  readonly start: number;
  readonly size: number;
}

/** Cuts flat values, end to end, into buckets of so many values. */
export function bucketsOf(sizes: readonly (readonly [name: string, size: number])[], values: number): Piece[][] {
  const buckets: Piece[][] = [];
  let free = 0;
  for (const [name, all] of sizes) {
    for (let start = 0; start < all;) {
      if (free === 0) {
        buckets.push([]);
        free = values;
      }
      const size = Math.min(all - start, free);
      buckets.at(-1)!.push({ name, start, size });
      start += size;
      free -= size;
    }
  }
  return buckets;
}

/** Records the collective ops of one step: each begins after the one before it, in the same order on every rank. */
export class AllReduce {
  private last: Value | undefined;

  /** @param instances messages of the graph's other steps, whose numbers are taken */
  constructor(
    private readonly graph: Graph,
    private readonly group: CollectiveGroup,
    private instances = 0,
  ) {}

  /** How many messages have numbers. */
  get taken(): number {
    return this.instances;
  }

  /**
   * The sums of values over all ranks, float32, by their names.
   *
   * Up to 10 processors add in the order of the ranks, so that the sum is that of one device which adds up as many
   * micro-batches, bit for bit.
   *
   * @param values the same names and shapes on every rank
   * @param bucketValues values that travel together
   */
  sum(
    values: Readonly<Record<string, Value>>,
    bucketValues = valuesOfBucket(
      Object.values(values).reduce((all, { shape }) => all + sizeOf(shape), 0),
      this.group.count,
    ),
  ): Record<string, Value> {
    const { graph } = this;
    const flat = Object.entries(values).map(([name, value]) => [name, this.flat(value)] as const);
    const sizes = flat.map(([name, { shape }]) => [name, shape[0]!] as const);
    const byName = new Map(flat);
    const parts = new Map<string, Value[]>();
    for (const bucket of bucketsOf(sizes, bucketValues)) {
      const summed = this.sumOf(this.joined(bucket.map(({ name, ...at }) => this.part(byName.get(name)!, at))));
      let start = 0;
      for (const { name, size } of bucket) {
        parts.set(name, [...(parts.get(name) ?? []), this.part(summed, { start, size })]);
        start += size;
      }
    }
    return Object.fromEntries(
      Object.entries(values).map(([name, { shape }]) => [
        name,
        this.apart(reshape(graph, this.joined(parts.get(name)!), shape)),
      ]),
    );
  }

  /** The value that the first rank has. */
  ofFirst(value: Value): Value {
    const { graph, group } = this;
    const row = reshape(graph, value, [1, sizeOf(value.shape)]);
    const all = this.collect('CollectiveGatherV2', row, [group.count, row.shape[1]!]);
    return reshape(graph, slice(graph, { x: all }, { begin: [0, 0], size: [1, -1] }), value.shape);
  }

  /** A value in one row. */
  private flat(value: Value): Value {
    return reshape(this.graph, this.apart(value), [sizeOf(value.shape)]);
  }

  /**
   * The value, with a node that no pass over the graph goes beyond: what is summed stays float32 where products are
   * bfloat16, and no loop that reads a sum takes in its reshaping, by which it would add in another order.
   */
  private apart(value: Value): Value {
    return this.graph.add('Identity', [value], { T: { type: value.dtype } }, value);
  }

  private part(of: Value, { start, size }: Omit<Piece, 'name'>): Value {
    if (size === of.shape[0]) return of;
    return slice(this.graph, { x: of }, { begin: [start], size: [size] });
  }

  private joined(parts: readonly Value[]): Value {
    const [first] = parts;
    if (parts.length === 1) return first!;
    return concat(this.graph, Object.fromEntries(parts.map((part, i) => [String(i), part])), {
      axis: 0,
    });
  }

  private sumOf(bucket: Value): Value {
    const { count, hint } = this.group;
    if (hint === 'nccl' || count > MOST_IN_ORDER)
      return this.collect('CollectiveReduceV2', bucket, bucket.shape, {
        merge_op: { text: 'Add' },
        final_op: { text: 'Id' },
        max_subdivs_per_device: { int: -1 },
      });
    return this.sumInOrder(bucket);
  }

  /**
   * Every rank sums its share of the values, which all send it, and sends it to all. As much travels as in a ring.
   *
   * TensorFlow's `Sum` over rows adds them from the first to the last. In another order it adds one column, and a chain
   * of additions, which it takes for one op.
   */
  private sumInOrder(bucket: Value): Value {
    const { graph } = this;
    const { count } = this.group;
    const [values] = bucket.shape as [number];
    const share = Math.max(2, Math.ceil(values / count));
    const padding = count * share - values;
    const whole = padding === 0 ? bucket : this.joined([bucket, graph.fill(0, [padding], 'float32')]);
    const shares = this.collect('CollectiveAllToAllV2', reshape(graph, whole, [count, share]), [count, share]);
    const sum = graph.add(
      'Sum',
      [shares, graph.int32([0])],
      { T: { type: 'float32' }, Tidx: { type: 'int32' }, keep_dims: { bool: true } },
      { dtype: 'float32', shape: [1, share] },
    );
    const all = this.collect('CollectiveGatherV2', sum, [count, share]);
    return this.part(reshape(graph, all, [count * share]), { start: 0, size: values });
  }

  private collect(op: string, value: Value, shape: readonly number[], attributes: Attributes = {}): Value {
    const { graph, group } = this;
    const keys = [group.count, GROUP, ++this.instances].map((key) => graph.scalar(key, 'int32'));
    const before = this.last === undefined ? [] : [`^${this.last.name}`];
    this.last = graph.add(
      op,
      [value, ...keys, ...before],
      {
        T: { type: 'float32' },
        communication_hint: { text: group.hint },
        timeout_seconds: { float: group.timeout ?? 0 },
        is_stateless: { bool: false },
        Nordering_token: { int: 0 },
        ...attributes,
      },
      { dtype: 'float32', shape },
    );
    return this.last;
  }
}

/**
 * How many values travel in a message.
 *
 * @param all values that are summed
 * @returns a multiple of the ranks, so that they have equal shares of it
 */
export function valuesOfBucket(all: number, ranks: number): number {
  return ranks * Math.ceil(Math.max(all / BUCKETS, LEAST_VALUES) / ranks);
}

/** How many messages so many values travel in. */
export function messagesFor(all: number, ranks: number): number {
  return Math.ceil(all / valuesOfBucket(all, ranks));
}
