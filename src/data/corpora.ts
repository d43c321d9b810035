import type { Recognised } from './columns.js';
import type { CorpusName } from './corpus-name.js';

/** Patterns, one for rows and one for file names, that distinguish two corpora with the same header. */
const TABLES = [
  { corpus: 'technology', inRows: /^기술\s*과학$/, inName: /기술\s*과학|(^|[^a-z])tech([^a-z]|$)/i },
  { corpus: 'social-science', inRows: /^사회\s*과학$/, inName: /사회\s*과학|(^|[^a-z])social([^a-z]|$)/i },
] as const;

/** Determines the corpus of a file by its header and, if two corpora share it, by its first rows and its name. */
export function corpusOf({ corpus }: Recognised, rows: readonly (readonly string[])[], name: string): CorpusName {
  if (corpus !== 'table') return corpus;
  const values = rows.flat().map((value) => value.trim().normalize('NFC'));
  const byRows = TABLES.find(({ inRows }) => values.some((value) => inRows.test(value)));
  return (byRows ?? TABLES.find(({ inName }) => inName.test(name.normalize('NFC'))))?.corpus ?? 'other';
}
