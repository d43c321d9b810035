/** @file Messages between two processes of a run: JSON, one a line. */
import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { messageOf } from '../base/errors.js';
import { checkJson, listOf, text, whole } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import type { Hello } from './hello.js';

/** What one process tells another. */
export type Message =
  /** Who speaks. */
  | ({ readonly type: 'hello'; readonly rank: number } & Hello)
  /** All are there. */
  | { readonly type: 'ready' }
  /** A rank's text for the exchange with a number, and whether it was asked to stop. */
  | {
      readonly type: 'given';
      readonly exchange: number;
      readonly topic: string;
      readonly text: string;
      readonly stop: boolean;
    }
  /** The texts of all ranks, and whether one was asked to stop. */
  | { readonly type: 'gathered'; readonly exchange: number; readonly texts: readonly string[]; readonly stop: boolean }
  /** A sign of life. */
  | { readonly type: 'beat' }
  /** The run is at its end: why, in words. */
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'done' };

const MESSAGE = v.variant('type', [
  v.object({
    type: v.literal('hello'),
    rank: whole(0),
    count: whole(1),
    version: text,
    command: text,
    timeout: whole(1),
  }),
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('given'), exchange: whole(0), topic: text, text, stop: v.boolean() }),
  v.object({ type: v.literal('gathered'), exchange: whole(0), texts: listOf(text), stop: v.boolean() }),
  v.object({ type: v.literal('beat') }),
  v.object({ type: v.literal('failed'), message: text }),
  v.object({ type: v.literal('done') }),
]);

/** Characters of a message, at most: an evaluation of 77 × 768 values from each of a hundred devices. */
const LONGEST = 2 ** 25;
/** Why a channel is closed to one that speaks TLS. */
export const HAS_KEY = 'it has a key, and this rank has none';
/** How TLS begins: content type 22 (handshake), version 3.x (RFC 5246, 6.2.1). */
const TLS_HELLO = '\u0016\u0003';
/** Characters of the first message, at most. */
const LONGEST_HELLO = 2 ** 10;

/** One side of a connection between two processes. */
export interface Channel {
  send(message: Message): void;
  /**
   * Sends what is left, then closes.
   *
   * @param within milliseconds to wait for the other side
   */
  close(within: number): Promise<void>;
}

/** Called by a channel. */
export interface ChannelEvents {
  readonly onMessage: (message: Message) => void;
  /** Called once, when the other side has closed the channel or sent something else than messages. */
  readonly onClosed: (why: string) => void;
}

/** A channel over a connection. */
export function openChannel(socket: Duplex, { onMessage, onClosed }: ChannelEvents): Channel {
  let parts: string[] = [];
  let length = 0;
  let limit = LONGEST_HELLO;
  let isClosed = false;
  const closed = (why: string): void => {
    if (isClosed) return;
    isClosed = true;
    onClosed(why);
  };
  const refuse = (why: string): void => {
    closed(why);
    const message: Message = { type: 'failed', message: `expected messages of kd: ${why}` };
    socket.end(`${JSON.stringify(message)}\n`, () => socket.destroy()); // who speaks TLS sees that this is none
  };
  const take = (line: string): void => {
    if (isClosed) return;
    let message: Message;
    try {
      message = checkJson(MESSAGE, parseJson(line, 'a message'), 'a message', '');
    } catch (error) {
      refuse(`it sent something else than kd does: ${messageOf(error)}`);
      return;
    }
    limit = LONGEST;
    onMessage(message);
  };
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    if (limit === LONGEST_HELLO && chunk.startsWith(TLS_HELLO)) {
      refuse(HAS_KEY);
      return;
    }
    const lines = chunk.split('\n');
    for (const [i, part] of lines.entries()) {
      parts.push(part);
      length += part.length;
      if (length > limit) {
        refuse(`it sent a message of over ${limit} characters`);
        return;
      }
      if (i === lines.length - 1) break;
      const line = parts.join('');
      [parts, length] = [[], 0];
      take(line);
    }
  });
  socket.on('error', (error) => {
    closed(`its connection failed (${messageOf(error)})`);
  });
  socket.on('close', () => {
    closed('its connection was closed');
  });
  return {
    send(message) {
      if (!isClosed && socket.writable) socket.write(`${JSON.stringify(message)}\n`);
    },
    close: (within) =>
      new Promise((resolve) => {
        isClosed = true;
        if (socket.destroyed) resolve();
        else socket.once('close', resolve).end();
        setTimeout(() => socket.destroy(), within).unref();
      }),
  };
}
