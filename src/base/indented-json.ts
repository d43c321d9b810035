/** The text of a JSON file for people and programs: indented, with a line end. */
export function indentedJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
