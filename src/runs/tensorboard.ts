/**
 * @file TensorBoard's event files, scalars only: TFRecord frames around `Event` messages
 * (tensorflow/core/util/event.proto, tensorflow/core/lib/io/record_writer.h).
 *
 * A frame is the length (uint64, little-endian), the masked CRC-32C of the length, the message, its masked CRC-32C.
 * Written here because tfjs's own writer exists on the native backend only.
 */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.js';
import { bytes, double, float, integer, varintAt } from '../base/protobuf.js';
import { openRecords, type RecordFile } from './line-file.js';

/** An event file of TensorBoard, open for writing. */
export interface EventFile extends Omit<RecordFile, 'append'> {
  /** Adds one value per tag at a step. */
  scalars(step: number, values: Readonly<Record<string, number>>): void;
}

/**
 * Opens a new event file in a folder, with a name that TensorBoard recognises.
 *
 * @param from the step that a run resumes from; TensorBoard is told to discard later ones that it has seen
 */
export function openEventFile(folder: string, from = 0, now: () => number = Date.now): EventFile {
  const file = openRecords(
    join(folder, `${PREFIX}${secondsAfter(eventFiles(folder), now())}.${hostname()}.${process.pid}.0`),
  );
  const write = (event: Buffer): void => {
    file.append(frame(event));
  };
  write(Buffer.concat([wallTime(now()), bytes(3, 'brain.Event:2')]));
  const first = from === 0 ? 0 : from + 1;
  write(Buffer.concat([wallTime(now()), integer(2, first), bytes(7, [integer(1, SESSION_START)])]));
  return {
    ...file,
    scalars(step, values) {
      const summary = Object.entries(values).map(([tag, value]) => bytes(1, summaryValue(tag, value)));
      write(Buffer.concat([wallTime(now()), integer(2, step), bytes(5, summary)]));
    },
  };
}

const PREFIX = 'events.out.tfevents.';

/**
 * The seconds in a new file's name. TensorBoard reads files in the order of their names and ignores any that sort
 * before the current one (`DirectoryWatcher`). So they must increase even if the clock was set back or a run resumes
 * within a second.
 */
function secondsAfter(files: readonly string[], now: number): number {
  const taken = files.map((name) => Number(name.slice(PREFIX.length).split('.')[0])).filter(Number.isSafeInteger);
  return Math.max(Math.floor(now / 1000), ...taken.map((seconds) => seconds + 1));
}

/** `SessionLog.SessionStatus.START` (tensorflow/core/util/event.proto). */
const SESSION_START = 1;

/** Whether a name is an event file's. */
export function isEventFile(name: string): boolean {
  return name.startsWith(PREFIX);
}

function eventFiles(folder: string): string[] {
  return readdirSync(folder).filter(isEventFile);
}

/**
 * Rewrites a folder's event files with the complete events that are wanted, and those that belong to no step.
 *
 * @param isKept called with the step and first tag of every scalar event
 */
export async function keepEvents(folder: string, isKept: (step: number, tag: string) => boolean): Promise<void> {
  for (const name of eventFiles(folder)) {
    const path = join(folder, name);
    const all = await readFile(path);
    const kept = framesOf(all).filter(({ message }) => {
      const { step, tag } = scalarsOf(message);
      return tag === undefined || isKept(step, tag);
    });
    const text = Buffer.concat(kept.map(({ framed }) => framed));
    if (text.length !== all.length) await writeFileAtomic(path, text);
  }
}

/** The complete frames at the beginning of a file. */
function framesOf(file: Buffer): { framed: Buffer; message: Buffer }[] {
  const frames: { framed: Buffer; message: Buffer }[] = [];
  for (let at = 0; at + 16 <= file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    const end = at + 12 + length + 4;
    if (end > file.length || file.readUInt32LE(at + 8) !== maskedCrc32c(file.subarray(at, at + 8))) break;
    const message = file.subarray(at + 12, end - 4);
    if (file.readUInt32LE(end - 4) !== maskedCrc32c(message)) break;
    frames.push({ framed: file.subarray(at, end), message });
    at = end;
  }
  return frames;
}

/** `Event.step`, and the tag of the first `Summary.Value`, from a message that this file wrote. */
function scalarsOf(message: Buffer): { step: number; tag: string | undefined } {
  let [step, tag]: [number, string | undefined] = [0, undefined];
  for (let at = 0; at < message.length;) {
    const [field, type] = [message[at]! >> 3, message[at]! & 7];
    at++;
    if (type === 1) at += 8;
    else {
      const { value, length } = varintAt(message, at)!;
      at += length;
      if (field === 2) step = value;
      if (type !== 2) continue;
      if (field === 5) tag = firstTag(message.subarray(at, at + value));
      at += value;
    }
  }
  return { step, tag };
}

/** The first tag of a summary: tag 1 in value 1, both shorter than 128 bytes. */
function firstTag(summary: Buffer): string {
  return summary.subarray(4, 4 + summary[3]!).toString();
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
  for (const byte of data) crc = (crc >>> 8) ^ CRC32C_TABLE[(crc ^ byte) & 0xff]!;
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
