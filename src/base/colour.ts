/** @file Colours on standard error: on a terminal, unless `NO_COLOR` or `FORCE_COLOR` says otherwise. */
import { styleText } from 'node:util';

/** A text that begins with `error:` or `bug:`, with that in red behind a cross; the text as it is without colours. */
export function errorText(text: string): string {
  return text.replace(/^(error|bug):/, (kind) => styled('red', `✗ ${kind}`, kind));
}

/** `warning:`, in yellow. */
export function warningText(text: string): string {
  return `${styled('yellow', 'warning:', 'warning:')} ${text}`;
}

function styled(colour: 'red' | 'yellow', text: string, plain: string): string {
  const coloured = styleText(colour, text, { stream: process.stderr });
  return coloured === text ? plain : coloured;
}
