/** @file Colours on standard error. Used on a terminal, unless `NO_COLOR` or `FORCE_COLOR` overrides that. */
import { styleText } from 'node:util';

/** Marks a leading `error:` or `bug:` with a cross, in red. Without colours the text is unchanged. */
export function errorText(text: string): string {
  return text.replace(/^(error|bug):/, (kind) => styled('red', `✗ ${kind}`, kind));
}

/** Puts `warning:` before a text, in yellow. */
export function warningText(text: string): string {
  return `${styled('yellow', 'warning:', 'warning:')} ${text}`;
}

function styled(colour: 'red' | 'yellow', text: string, plain: string): string {
  const coloured = styleText(colour, text, { stream: process.stderr });
  return coloured === text ? plain : coloured;
}
