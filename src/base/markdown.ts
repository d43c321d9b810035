/** @file Escapes text from outside for Markdown, as GitHub and the Hugging Face Hub render it. */

/** Escapes a text so that nothing in it is interpreted as Markdown or HTML, and puts it on one line. */
export function escapeMarkdown(text: string): string {
  return oneLine(text).replace(/[\\|`*_<>[\]#&~]/g, '\\$&');
}

/** Formats a text as inline code, even if it contains backticks or is in a table. */
export function codeSpan(text: string): string {
  const line = oneLine(text);
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const padding = /^`|`$|^ .* $/.test(line) ? ' ' : '';
  return line === '' ? '' : `${fence}${padding}${line.replaceAll('|', '\\|')}${padding}${fence}`;
}

const oneLine = (text: string): string => text.replace(/[\r\n\u2028\u2029]+/g, ' ');
