/** @file Sums over devices: TensorFlow's collective ops, recorded. */
import { sizeOf } from '../../base/shape.js';
import { bucketsOf, valuesPerBucket, type Piece } from './buckets.js';
import type { Attributes, Graph, Value } from './graph.js';
import { concat, reshape, slice } from './moves.js';

/** The devices that take steps together, counted over all processes. */
export interface CollectiveGroup {
  readonly count: number;
  /** What carries the values: TensorFlow itself, or NVIDIA's NCCL between GPUs. */
  readonly hint: 'auto' | 'nccl';
  /** Timeout of a message, in seconds; absent: none. */
  readonly timeout?: number | undefined;
}

/** TensorFlow's group key, the same on every device. */
const GROUP = 1;

/**
 * The most devices whose values can be summed in order. TensorFlow 2.21 names the messages of an all-to-all by the
 * concatenated numbers of two devices, so that with 11 devices or more some names are ambiguous (`AllToAll` in
 * tensorflow/core/common_runtime/all_to_all.cc).
 */
export const MAX_IN_ORDER = 10;

/** Records the collective ops of one step, which run one after another in the same order on every device. */
export class AllReduce {
  private last: Value | undefined;

  /** @param instanceKeys how many of TensorFlow's instance keys the graph's other steps use */
  constructor(
    private readonly graph: Graph,
    private readonly group: CollectiveGroup,
    private instanceKeys = 0,
  ) {}

  /** How many instance keys the graph uses so far. */
  get usedInstanceKeys(): number {
    return this.instanceKeys;
  }

  /**
   * The sums of values over all devices, float32, by name.
   *
   * Up to 10 CPU devices add in their order, so that the sum is bit for bit that of one device adding up as many
   * micro-batches.
   *
   * @param values the same names and shapes on every device
   * @param bucketValues how many values a message carries
   */
  sum(values: Readonly<Record<string, Value>>, bucketValues = this.valuesPerMessage(values)): Record<string, Value> {
    const flat = new Map(Object.entries(values).map(([name, value]) => [name, this.flat(value)]));
    const sizes = [...flat].map(([name, { shape }]) => [name, shape[0]!] as const);
    const sums = new Map<string, Value[]>([...flat.keys()].map((name) => [name, []]));
    for (const bucket of bucketsOf(sizes, bucketValues)) {
      const summed = this.sumOf(this.joined(bucket.map(({ name, ...range }) => this.part(flat.get(name)!, range))));
      let start = 0;
      for (const { name, size } of bucket) {
        sums.get(name)!.push(this.part(summed, { start, size }));
        start += size;
      }
    }
    return Object.fromEntries(
      Object.entries(values).map(([name, { shape }]) => [
        name,
        this.behindIdentity(reshape(this.graph, this.joined(sums.get(name)!), shape)),
      ]),
    );
  }

  private valuesPerMessage(values: Readonly<Record<string, Value>>): number {
    const all = Object.values(values).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    return valuesPerBucket(all, this.group.count);
  }

  /** The first device's value. */
  broadcast(value: Value): Value {
    const { graph, group } = this;
    const row = reshape(graph, value, [1, sizeOf(value.shape)]);
    const all = this.collect('CollectiveGatherV2', row, [group.count, row.shape[1]!]);
    return reshape(graph, slice(graph, { x: all }, { begin: [0, 0], size: [1, -1] }), value.shape);
  }

  /** The value flattened. */
  private flat(value: Value): Value {
    return reshape(this.graph, this.behindIdentity(value), [sizeOf(value.shape)]);
  }

  /**
   * The value behind an `Identity`, which no pass over the graph crosses: what is summed stays float32 while products
   * are bfloat16, and no fused loop that reads a sum absorbs its reshape, which would change the order of additions.
   */
  private behindIdentity(value: Value): Value {
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
    if (hint === 'nccl' || count > MAX_IN_ORDER)
      return this.collect('CollectiveReduceV2', bucket, bucket.shape, {
        merge_op: { text: 'Add' },
        final_op: { text: 'Id' },
        max_subdivs_per_device: { int: -1 },
      });
    return this.sumInOrder(bucket);
  }

  /**
   * Every device receives its share of the values from all others, sums it, and sends the sums to all. This moves as
   * much data as a ring.
   *
   * TensorFlow's `Sum` over rows adds them from first to last. It uses another order for a single column, and for a
   * chain of additions, which it merges into one op.
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
    const keys = [group.count, GROUP, ++this.instanceKeys].map((key) => graph.scalar(key, 'int32'));
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
