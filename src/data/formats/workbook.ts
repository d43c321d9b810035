/** @file Excel workbooks. */
import { numberedPlaces, type ColumnNames } from '../columns.js';
import { corpusOf } from '../corpora.js';
import type { Format, Probed, Verdict } from '../format.js';
import { findHeader, whyNoHeader } from './header.js';
import { isZip, listArchive } from '../readers/archive.js';
import type { SheetRow } from '../readers/sheet-rows.js';
import { DamagedArchiveError } from '../unreadable-file.js';
import { whyUnread } from '../skipped-file.js';
import { openStoredFile, type StoredFile } from '../readers/stored-file.js';
import { HEADER_ROWS, openWorkbook, readWorkbook, textsOf, type Sheet, type Workbook } from '../readers/workbook.js';

export const WORKBOOK: Format = {
  shapes: ['workbook'],
  endings: ['.xlsx', '.xlsm'],
  matches: ({ bytes }, file) => isZip(bytes) && (isNamedWorkbook(file.name) || hasWorkbook(file)),
  probe: (file, names) => probeWorkbook(file, names),
  read: readWorkbook,
};

function isNamedWorkbook(name: string): boolean {
  return /\.xls[xm]$/i.test(name);
}

/** Whether an archive has the parts of a workbook. */
function hasWorkbook(file: StoredFile): boolean {
  const access = openStoredFile(file);
  try {
    return listArchive(access).some(({ path }) => path.toLowerCase() === 'xl/workbook.xml');
  } catch (error) {
    if (error instanceof DamagedArchiveError) return false;
    throw error;
  } finally {
    access.close();
  }
}

async function probeWorkbook(file: StoredFile, names: ColumnNames): Promise<Verdict> {
  const workbook = await openWorkbook(file);
  try {
    const tables: Probed[] = [];
    const others: { readonly name: string; readonly reason: string }[] = [];
    for (const sheet of workbook.sheets) {
      const rows = await firstRows(workbook, sheet);
      const table = tableIn(rows, names, file.name);
      const firstRow = rows.find((row) => row.some((text) => text !== ''))?.filter((text) => text !== '');
      if (table !== undefined) tables.push({ ...table, sheet });
      else if (firstRow !== undefined)
        others.push({ name: sheet.name.normalize('NFC'), reason: whyNoHeader([firstRow], names) });
    }
    const [first, ...rest] = tables;
    if (first === undefined) return { reason: others[0]?.reason ?? whyNoHeader([], names) };
    if (others.length === 0) return tables;
    const all = tables.length + others.length;
    return [{ ...first, others: whyUnread(`${others.length} of ${all} sheets`, others) }, ...rest];
  } finally {
    workbook.close();
  }
}

/** The table whose header is among the first rows of a sheet, or whose columns the user specified by number. */
function tableIn(rows: readonly string[][], names: ColumnNames, file: string): Probed | undefined {
  const header = findHeader([{ rows }], names, rows.length);
  if (header !== undefined) {
    const { columns, places } = header.recognised;
    const layout = { rowsBefore: header.row + 1, places };
    return { shape: 'workbook', columns, corpus: corpusOf(header.recognised, rows, file), layout };
  }
  const places = numberedPlaces(names);
  if (places === undefined || rows.every((row) => row.length <= Math.max(places.ko, places.en))) return undefined;
  const columns = { ko: names.ko!, en: names.en! };
  return { shape: 'workbook', columns, corpus: 'other', layout: { rowsBefore: 0, places } };
}

/** The texts of the first rows of a sheet. Reads only as many shared strings as these rows need. */
async function firstRows(workbook: Workbook, { part }: Sheet): Promise<string[][]> {
  const rows: SheetRow[] = [];
  for await (const batch of workbook.rows(part)) {
    rows.push(...batch.slice(0, HEADER_ROWS - rows.length));
    if (rows.length >= HEADER_ROWS) break;
  }
  const shared = rows.flatMap(({ cells }) =>
    cells.filter(({ type }) => type === 's').map(({ value }) => Number(value)),
  );
  const last = shared.reduce((highest, number) => Math.max(highest, number), -1);
  const strings = await workbook.sharedStrings(last + 1);
  return rows.map((row) => textsOf(row, strings, workbook.formats));
}
