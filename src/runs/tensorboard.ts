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
  write(Buffer.concat([wallTime(now()), lengthDelimited(3, Buffer.from('brain.Event:2'))]));
  return {
    scalars(step, values) {
      const summary = Object.entries(values).map(([tag, value]) => lengthDelimited(1, summaryValue(tag, value)));
      write(Buffer.concat([wallTime(now()), varintField(2, step), lengthDelimited(5, Buffer.concat(summary))]));
    },
    close: () => { closeSync(file); },
  };
}

/** `Event.wall_time`, field 1: seconds since 1970 as a double. */
function wallTime(milliseconds: number): Buffer {
  const field = Buffer.alloc(9);
  field[0] = (1 << 3) | 1;
  field.writeDoubleLE(milliseconds / 1000, 1);
  return field;
}

/** `Summary.Value`: field 1 the tag, field 2 `simple_value`, a float. */
function summaryValue(tag: string, value: number): Buffer {
  const simple = Buffer.alloc(5);
  simple[0] = (2 << 3) | 5;
  simple.writeFloatLE(value, 1);
  return Buffer.concat([lengthDelimited(1, Buffer.from(tag)), simple]);
}

function varintField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

function lengthDelimited(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

/** A protobuf varint of a non-negative safe integer. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Buffer.from([...bytes, value]);
}

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
function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC32C_TABLE[(crc ^ byte) & 0xff]!;
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
