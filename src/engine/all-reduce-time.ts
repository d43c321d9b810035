/** @file A model of how long a sum over devices takes, and the bandwidth that follows from a measured time. */

/** What is summed. */
export interface AllReduceSize {
  /** The number of devices in all processes. */
  readonly devices: number;
  /** Bytes of the values on each device. */
  readonly bytes: number;
  readonly messages: number;
}

/** A link that carries the values. */
export interface Link {
  /** Bytes per second. */
  readonly bandwidth: number;
  /** Latency from one device to the next, in seconds. */
  readonly hop: number;
}

/**
 * The estimated seconds of a sum: to transfer the bytes on the busiest link, plus `2 (R - 1)` hops per message.
 *
 * @param sharing the number of devices that share a link; see `bytesOnLink`
 */
export function allReduceSeconds(size: AllReduceSize, { bandwidth, hop }: Link, sharing = 1): number {
  return bytesOnLink(size, sharing) / bandwidth + 2 * (size.devices - 1) * size.messages * hop;
}

/**
 * The bytes per second that each device of a ring sends, and receives: what NVIDIA's nccl-tests call bus bandwidth
 * (PERFORMANCE.md there), 2 (R - 1) / R × bytes / seconds.
 */
export function bandwidthOf({ seconds, ...size }: Omit<AllReduceSize, 'messages'> & { seconds: number }): number {
  return bytesOnLink(size, 1) / seconds;
}

/**
 * The bytes that a link carries in each direction. In a ring that is 2 (R - 1) / R × bytes. If every device exchanges
 * parts with all others, the d devices that share a link send theirs to the other R - d: 2 d (R - d) / R × bytes.
 */
function bytesOnLink({ devices, bytes }: Omit<AllReduceSize, 'messages'>, sharing: number): number {
  return ((2 * sharing * (devices - sharing)) / devices) * bytes;
}
