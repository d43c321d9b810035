/** @file The console: messages and progress go to standard error, results to standard output. */
import { warningText } from '../base/colour.js';
import { printableLines } from '../base/errors.js';
import { printEvent } from '../base/json-event.js';
import { canDrawBar, terminalColumns } from '../base/terminal.js';
import { plainLines, terminalBar, type Bar } from './progress.js';
import { SILENT_PROGRESS, type Reporter } from './reporter.js';

/** The output flags, which every command has. */
export interface OutputOptions {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** The console of a command: a reporter that also prints results. */
export interface Output extends Reporter {
  readonly json: boolean;
  /** The width of the terminal that results are printed to, in columns; Infinity if it is not a terminal. */
  readonly columns: number;
  /** Prints a result: the text, or with `--json` the object on one line. */
  result(text: string, object: object): void;
}

/**
 * Opens the console of a command. Texts may quote names from outside, of files and models: what a terminal would
 * interpret in them is escaped.
 */
export function openOutput({ quiet = false, json = false }: OutputOptions): Output {
  let bar: Bar | undefined;
  const hideBar = (stream: NodeJS.WriteStream): void => {
    if (stream.isTTY) bar?.hide(); // both are on the same screen
  };
  const write = (stream: NodeJS.WriteStream, text: string): void => {
    hideBar(stream);
    stream.write(`${text}\n`);
  };
  const event = (object: object): void => {
    hideBar(process.stdout);
    printEvent(object);
  };
  const message = (text: string): void => {
    if (!quiet) write(process.stderr, printableLines(text));
  };
  return {
    json,
    columns: terminalColumns(),
    message,
    warn: (text, kind) => {
      if (!quiet || kind === 'loss') write(process.stderr, warningText(printableLines(text)));
    },
    result: (text, object) => {
      if (json) event(object);
      else write(process.stdout, printableLines(text));
    },
    event: (object) => {
      if (json) event(object);
    },
    progress(title, total, unit) {
      const task = { title: printableLines(title), total, unit };
      if (quiet) return SILENT_PROGRESS;
      return canDrawBar() ? (bar = terminalBar(task)) : plainLines(task, message);
    },
  };
}
