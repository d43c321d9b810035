/** @file The layout of help texts, which also fit narrow terminals. */
import { Help, type Command, type Option } from 'commander';
import stringWidth from 'string-width';
import { terminalColumns } from '../base/terminal.js';
import { hangingText, wrapText } from '../base/wrap.js';

/** A command line that can be typed, and what it does if that is not obvious. */
export type Example = readonly [line: string, does?: string];

/** Minimum columns for a description beside an item. */
const MIN_BESIDE = 28;

/** Longer command lines have their description below, so that it does not push the other descriptions far right. */
const LONGEST_BESIDE = 52;

/** Units that must not be broken: a flag with its value, a quoted text. */
const FLAGS_AND_ARGUMENTS = /(--[\w-]+ (?=[^->|]))?("[^"]*"|\S+)/g;

const CONTINUES = ' \\';

const INDENT = ' '.repeat(6);

/** A flag, argument or command with its description: beside it, or below where there is no room. */
export function formatItem(
  term: string,
  termWidth: number,
  description: string,
  { helpWidth: room = 80 }: Help,
): string {
  if (room - termWidth - 4 >= MIN_BESIDE) return hangingText(`  ${term}`, description, termWidth + 4, room).trimEnd();
  return [`  ${term}`, ...indented(description, room)].join('\n');
}

/** A command's own flags. `--help`, which every command has, is among the global ones, not in the last group. */
export function visibleOptions(this: Help, command: Command): Option[] {
  const visible = Help.prototype.visibleOptions.call(this, command);
  return command.parent === null ? visible : visible.filter(({ long }) => long !== '--help');
}

/** The flags of every command. */
export function visibleGlobalOptions(this: Help, command: Command): Option[] {
  const own = command.parent === null ? [] : Help.prototype.visibleOptions.call(this, command);
  return [...Help.prototype.visibleGlobalOptions.call(this, command), ...own.filter(({ long }) => long === '--help')];
}

/**
 * Examples, the last part of a help text.
 *
 * @param room the terminal's columns; Infinity keeps command lines whole
 */
export function examplesText(examples: readonly Example[], room = terminalColumns()): string {
  const widths = examples.flatMap(([line, does]) => (does === undefined ? [] : [stringWidth(line)]));
  const column = Math.max(0, ...widths.filter((width) => width <= LONGEST_BESIDE)) + 2;
  const isBeside = room - column - 4 >= MIN_BESIDE;
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

/** A command line, broken before a flag or argument with a shell continuation if it is longer than the room. */
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
