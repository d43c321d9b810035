/**
 * @file TensorBoard's event files, scalars only: TFRecord frames around `Event` messages
 * (tensorflow/core/util/event.proto, tensorflow/core/lib/io/record_writer.h).
 *
 * A frame is the length (uint64, little-endian), the masked CRC-32C of the length, the message, its masked CRC-32C.
 * Written here because tfjs's own writer exists on the native backend only.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { bytes, double, float, integer } from '../protobuf.js';

export interface EventFile {
  /** Adds one value a tag at a step. */
  scalars(step: number, values: Readonly<Record<string, number>>): void;
  close(): void;
}

/** Opens a new event file in a folder, under the name that TensorBoard looks for. */
export function openEventFile(folder: string, now: () => number = Date.now): EventFile {
  const name = `events.out.tfevents.${Math.floor(now() / 1000)}.${hostname()}.${process.pid}.0`;
  const file = openSync(join(folder, name), 'a');
  const write = (event: Buffer): void => { writeSync(file, frame(event)); };
  write(Buffer.concat([wallTime(now()), bytes(3, 'brain.Event:2')]));
  return {
    scalars(step, values) {
      const summary = Object.entries(values).map(([tag, value]) => bytes(1, summaryValue(tag, value)));
      write(Buffer.concat([wallTime(now()), integer(2, step), bytes(5, summary)]));
    },
    close: () => { closeSync(file); },
  };
}

/** `Event.wall_time`, in seconds since 1970. */
const wallTime = (milliseconds: number): Buffer => double(1, milliseconds / 1000);

/** `Summary.Value`: tag and `simple_value`. */
const summaryValue = (tag: string, value: number): Buffer => Buffer.concat([bytes(1, tag), float(2, value)]);

function frame(message: Buffer): Buffer {
  const header = Buffer.alloc(12);
  header.writeBigUInt64LE(BigInt(message.length));
  header.writeUInt32LE(maskedCrc32c(header.subarray(0, 8)), 8);
  const footer = Buffer.alloc(4);
  footer.writeUInt32LE(maskedCrc32c(message));
  return Buffer.concat([header, message, footer]);
}

const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (RFC 3720, appendix B.4), rotated and offset as TFRecord wants it. */
function maskedCrc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ CRC32C_TABLE[(crc ^ byte) & 0xff];
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
