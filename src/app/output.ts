/** @file Where words go: messages and progress to standard error, results to standard output. */
import { plainLines, SILENT, terminalBar, type Bar, type Progress } from './progress.js';

/** The flags that every command has. */
export interface OutputOptions {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export interface Output {
  readonly json: boolean;
  /** What happens, for a person. Silent with `--quiet`. */
  message(text: string): void;
  /** What a person should know even with `--quiet`: standard error. */
  warn(text: string): void;
  /** A result: the text, or with `--json` the object on one line. */
  result(text: string, object: object): void;
  /** With `--json` one line on standard output; else nothing. */
  event(object: object): void;
  /** Shows how far something is, one thing at a time; with an unknown total (Infinity) a count. */
  progress(title: string, total: number, unit: string): Progress;
}

/** The console of a command. */
export function openOutput({ quiet = false, json = false }: OutputOptions): Output {
  let bar: Bar | undefined;
  const write = (stream: NodeJS.WriteStream, text: string): void => {
    if (stream.isTTY) bar?.hide(); // they share the screen
    stream.write(`${text}\n`);
  };
  const message = (text: string): void => {
    if (!quiet) write(process.stderr, text);
  };
  return {
    json,
    message,
    warn: (text) => {
      write(process.stderr, `warning: ${text}`);
    },
    result: (text, object) => {
      write(process.stdout, json ? JSON.stringify(object) : text);
    },
    event: (object) => {
      if (json) write(process.stdout, JSON.stringify(object));
    },
    progress(title, total, unit) {
      const task = { title, total, unit };
      if (quiet) return SILENT;
      return process.stderr.isTTY ? (bar = terminalBar(task)) : plainLines(task, message);
    },
  };
}
