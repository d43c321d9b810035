/** @file Writes archives and workbooks for tests, with the generator's writers. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type Cell, type WorkbookOptions, writeWorkbook } from '../../scripts/corpora/workbook-writer.mjs';
import { ZipWriter } from '../../scripts/corpora/zip-writer.mjs';

/** Writes an archive. Names given as bytes are written without the UTF-8 flag. */
export function writeZip(
  file: string,
  members: readonly (readonly [name: string | Buffer, content: string | Buffer])[],
  options = {},
): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const zip = new ZipWriter(file);
  for (const [name, content] of members) {
    const member = zip.member(name, options);
    member.write(Buffer.from(content));
    member.close();
  }
  zip.close();
}

/** Makes a workbook of one sheet, as bytes. `file` is where it is written temporarily. */
export function workbookBytes(file: string, rows: readonly Cell[][], options: WorkbookOptions = {}): Buffer {
  writeWorkbook(file, () => rows, options);
  const bytes = readFileSync(file);
  rmSync(file);
  return bytes;
}

/** Writes a workbook from its parts. Parts that are not given are minimal. */
export function writeWorkbookParts(file: string, parts: Readonly<Record<string, string | Buffer>>): void {
  const all: Record<string, string | Buffer> = {
    'xl/workbook.xml':
      '<workbook xmlns:r="r"><sheets><sheet name="말뭉치" sheetId="1" r:id="rId1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels':
      '<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship ' +
      'Id="rId2" Type="x/worksheet" Target="/xl/worksheets/sheet2.xml"/>' +
      '<Relationship Id="rId3" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    ...parts,
  };
  writeZip(file, Object.entries(all));
}
