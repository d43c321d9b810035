/** @file How the help of a command is laid out, on narrow terminals, too. */
import type { Help } from 'commander';
import stringWidth from 'string-width';
import { terminalColumns } from '../base/terminal.js';
import { hangingText, wrapText } from '../base/wrap.js';

/** A command line as it can be typed, and what it does where that is not plain. */
export type Example = readonly [line: string, does?: string];

/** Fewer columns are too few for a text beside something else. */
const LEAST_BESIDE = 28;

/** A longer command line has what it does under it, so that the others do not have it far away. */
const LONGEST_BESIDE = 52;

/** What belongs together: a flag and its value, a text in quotes. */
const FLAGS_AND_ARGUMENTS = /(--[\w-]+ (?=[^->|]))?("[^"]*"|\S+)/g;

const CONTINUES = ' \\';

const INDENT = ' '.repeat(6);

/** A flag, an argument or a command with what it is: beside it, or under it where there is no room. */
export function formatItem(
  term: string,
  termWidth: number,
  description: string,
  { helpWidth: room = 80 }: Help,
): string {
  if (room - termWidth - 4 >= LEAST_BESIDE) return hangingText(`  ${term}`, description, termWidth + 4, room).trimEnd();
  return [`  ${term}`, ...indented(description, room)].join('\n');
}

/**
 * Examples as the last part of a help text.
 *
 * @param room the terminal's columns; Infinity leaves command lines whole
 */
export function examplesText(examples: readonly Example[], room = terminalColumns()): string {
  const widths = examples.flatMap(([line, does]) => (does === undefined ? [] : [stringWidth(line)]));
  const column = Math.max(0, ...widths.filter((width) => width <= LONGEST_BESIDE)) + 2;
  const isBeside = room - column - 4 >= LEAST_BESIDE;
  const lines = examples.flatMap(([line, does]) => {
    if (does === undefined) return commandLines(line, room);
    if (!isBeside) return [...commandLines(line, room), ...indented(does, room)];
    const [first = '', ...others] = wrapText(does, room - column - 4).map((text) => ' '.repeat(column + 4) + text);
    const command = `  $ ${line}`;
    return stringWidth(line) < column
      ? [command + first.slice(stringWidth(command)), ...others]
      : [...commandLines(line, room), first, ...others];
  });
  return `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${lines.join('\n')}`;
}

/** A command line; broken as a shell takes it, before a flag or an argument, where it is longer than there is room. */
function commandLines(line: string, room: number): string[] {
  const lines = ['  $'];
  for (const [word] of line.matchAll(FLAGS_AND_ARGUMENTS)) {
    const longer = `${lines.at(-1)!} ${word}`;
    if (stringWidth(longer) <= room - CONTINUES.length || lines.at(-1) === '  $') lines[lines.length - 1] = longer;
    else lines.push(INDENT + word);
  }
  return lines.map((part, i) => (i < lines.length - 1 ? part + CONTINUES : part));
}

function indented(text: string, room: number): string[] {
  return wrapText(text, room - INDENT.length).map((line) => INDENT + line);
}
