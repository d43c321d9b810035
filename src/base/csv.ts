/** @file Fields of CSV files (RFC 4180). */

/** Characters with which a formula begins in spreadsheets, full-width forms included. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/**
 * A field of a CSV file: a number with all its digits, nothing for null and undefined, a text in quotes where it needs
 * them. A text that a spreadsheet would run as a formula gets an apostrophe in front
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
export function csvField(value: string | number | null | undefined): string {
  if (typeof value === 'number') return String(value);
  const text = value ?? '';
  const defused = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n\t]/.test(defused) ? `"${defused.replaceAll('"', '""')}"` : defused;
}
