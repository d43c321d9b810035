/** @file How long a sum over devices takes, by a model; and the bandwidth that follows from a measured time. */

/** What is summed. */
export interface AllReduceSize {
  /** How many devices all processes have. */
  readonly devices: number;
  /** Bytes of the values that each device has. */
  readonly bytes: number;
  readonly messages: number;
}

/** What carries the values. */
export interface Link {
  /** Bytes a second. */
  readonly bandwidth: number;
  /** Seconds from one device to the next, whatever is sent. */
  readonly hop: number;
}

/**
 * Seconds of a sum: for the bytes on the busiest link, and for the way of each message, `2 (R - 1)` hops.
 *
 * @param sharing devices that have one link together; see `bytesOnLink`
 */
export function allReduceSeconds(size: AllReduceSize, { bandwidth, hop }: Link, sharing = 1): number {
  return bytesOnLink(size, sharing) / bandwidth + 2 * (size.devices - 1) * size.messages * hop;
}

/**
 * The bytes a second that a device sends, and receives, as much as a ring does: what NVIDIA's nccl-tests call bus
 * bandwidth (PERFORMANCE.md there), 2 (R - 1) / R × bytes / seconds.
 */
export function bandwidthOf({ seconds, ...size }: Omit<AllReduceSize, 'messages'> & { seconds: number }): number {
  return bytesOnLink(size, 1) / seconds;
}

/**
 * Bytes that a link carries in each direction. In a ring that is 2 (R - 1) / R × bytes. Where every device exchanges
 * its parts with all others, those d that share a link send theirs to the R - d elsewhere: 2 d (R - d) / R × bytes.
 */
function bytesOnLink({ devices, bytes }: Omit<AllReduceSize, 'messages'>, sharing: number): number {
  return ((2 * sharing * (devices - sharing)) / devices) * bytes;
}
