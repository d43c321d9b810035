/** @file Messages between two processes of a run: JSON, one message per line. */
import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { messageOf } from '../base/errors.js';
import { checkJson, listOf, text, whole } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import type { Hello } from './hello.js';

/** A message between processes. */
export type Message =
  /** Introduces the sender. */
  | ({ readonly type: 'hello'; readonly rank: number } & Hello)
  /** All ranks are connected. */
  | { readonly type: 'ready' }
  /** A rank's text for a numbered exchange, and whether the rank was asked to stop. */
  | {
      readonly type: 'given';
      readonly exchange: number;
      readonly topic: string;
      readonly text: string;
      readonly stop: boolean;
    }
  /** The texts of all ranks, and whether any rank was asked to stop. */
  | { readonly type: 'gathered'; readonly exchange: number; readonly texts: readonly string[]; readonly stop: boolean }
  /** A heartbeat. */
  | { readonly type: 'beat' }
  /** The run has ended: the reason, in words. */
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

/** The longest message in characters: an evaluation of 77 × 768 values from each of a hundred devices. */
const LONGEST = 2 ** 25;
/** The reason for closing a channel on which TLS is spoken. */
export const HAS_KEY = 'it has a key, and this rank has none';
/** The first bytes of TLS: content type 22 (handshake), version 3.x (RFC 5246, 6.2.1). */
const TLS_HELLO = '\u0016\u0003';
/** The longest first message, in characters. */
const LONGEST_HELLO = 2 ** 10;

/** One end of a connection between two processes. */
export interface Channel {
  send(message: Message): void;
  /**
   * Sends pending messages, then closes.
   *
   * @param within milliseconds to wait for the other end
   */
  close(within: number): Promise<void>;
}

/** Callbacks of a channel. */
export interface ChannelEvents {
  readonly onMessage: (message: Message) => void;
  /** Called once, when the other end has closed the channel or sent something that is not a message. */
  readonly onClosed: (why: string) => void;
}

/** Opens a channel over a connection. */
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
    socket.end(`${JSON.stringify(message)}\n`, () => socket.destroy()); // a TLS peer then sees that this is not TLS
  };
  const take = (line: string): void => {
    if (isClosed) return;
    let message: Message;
    try {
      message = checkJson(MESSAGE, parseJson(line, 'a message'), 'a message', '');
    } catch (error) {
      refuse(`it sent something other than kd's messages: ${messageOf(error)}`);
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
