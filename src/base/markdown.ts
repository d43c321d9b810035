/** @file Text from outside in Markdown, as GitHub and the hub render it. */

/** Escapes a text so that nothing in it is read as Markdown or HTML. On one line. */
export function escapeMarkdown(text: string): string {
  return oneLine(text).replace(/[\\|`*_<>[\]#&~]/g, '\\$&');
}

/** A text as code, even if it contains backticks; also inside a table. */
export function codeSpan(text: string): string {
  const line = oneLine(text);
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const padding = /^`|`$|^ .* $/.test(line) ? ' ' : '';
  return line === '' ? '' : `${fence}${padding}${line.replaceAll('|', '\\|')}${padding}${fence}`;
}

const oneLine = (text: string): string => text.replace(/[\r\n\u2028\u2029]+/g, ' ');
