/** @file The parts of a workbook in its archive, and the links between them (ECMA-376, part 2). */
import path from 'node:path';
import { DamagedArchiveError, UnreadableFileError } from '../unreadable-file.js';
import { listArchive, memberPieces, type ArchiveEntry } from './archive.js';
import { refuseCompoundFile } from './compound-file.js';
import { excessOf } from './growth.js';
import type { RandomAccess } from './random-access.js';
import { elementsOfXml } from './xml.js';

/** Other documents in zip archives, recognised by a part, and what to do with them. */
const OTHERS: readonly (readonly [part: string, kind: string, remedy: string])[] = [
  ['xl/workbook.bin', 'a binary Excel workbook (.xlsb)', 'save it as .xlsx'],
  ['word/document.xml', 'a Word document', 'copy its table into a workbook'],
  ['ppt/presentation.xml', 'a PowerPoint presentation', 'copy its texts into a workbook'],
  ['content.xml', 'an OpenDocument file (.ods)', 'save it as .xlsx'],
  ['Index/Document.iwa', 'a Numbers or other iWork document', 'export it as .xlsx'],
];

/** The kind of document in a zip archive, by its parts: `a Word document; …`. */
export function otherDocument(parts: Pick<WorkbookParts, 'has'>): string | undefined {
  const other = OTHERS.find(([part]) => parts.has(part));
  return other === undefined ? undefined : `${other[1]}; ${other[2]}`;
}

function refuseOthers(parts: WorkbookParts, name: string): void {
  const other = otherDocument(parts);
  if (other !== undefined) throw new UnreadableFileError(name, `expected an Excel workbook (.xlsx), got ${other}`);
}

/** The parts of a workbook by their paths, in which case does not matter (ECMA-376, part 2, section 6.2.2.3). */
export interface WorkbookParts {
  readonly has: (path: string) => boolean;
  readonly get: (path: string) => ArchiveEntry | undefined;
}

/** Lists the parts of a workbook. Throws an `InputError` for other documents, and for a damaged archive. */
export function partsOf(access: RandomAccess): WorkbookParts {
  refuseCompoundFile(access);
  try {
    const entries = new Map(listArchive(access).map((entry) => [entry.path.toLowerCase(), entry]));
    const parts = {
      has: (part: string) => entries.has(part.toLowerCase()),
      get: (part: string) => entries.get(part.toLowerCase()),
    };
    refuseOthers(parts, access.name);
    return parts;
  } catch (error) {
    if (!(error instanceof DamagedArchiveError)) throw error;
    throw new UnreadableFileError(
      access.name,
      `expected an Excel workbook (.xlsx), got ${access.size} bytes that are not a complete one; ` +
        `save it as .xlsx again`,
    );
  }
}

/** A link from a part to another. */
export interface Relation {
  readonly id: string;
  readonly type: string;
  /** Path in the archive. */
  readonly target: string;
}

/** Finds the workbook itself in its archive, nearly always in the usual place. */
export async function mainPart(access: RandomAccess, parts: WorkbookParts, name: string): Promise<string> {
  if (parts.has(USUAL_MAIN_PART) || !parts.has('_rels/.rels')) return USUAL_MAIN_PART;
  const relations = await relationsOf(access, parts, '', name);
  return relations.find(({ type }) => type.endsWith('/officeDocument'))?.target ?? USUAL_MAIN_PART;
}

const USUAL_MAIN_PART = 'xl/workbook.xml';

/** The relationships of a part or, for `''`, of the whole archive. */
export async function relationsOf(
  access: RandomAccess,
  parts: WorkbookParts,
  main: string,
  name: string,
): Promise<Relation[]> {
  const relations: Relation[] = [];
  const folder = main === '' ? '' : `${path.posix.dirname(main)}/`;
  const part = requirePart(parts, `${folder}_rels/${path.posix.basename(main)}.rels`, name);
  for (const { tag, attributes } of await elementsOfXml(memberPieces(access, part.member, name), name)) {
    if (tag !== 'Relationship') continue;
    const { Id: id = '', Type: type = '', Target: target = '' } = attributes;
    relations.push({
      id,
      type,
      target: target.startsWith('/') ? target.slice(1) : path.posix.normalize(`${folder}${target}`),
    });
  }
  return relations;
}

/** The part at a path. Throws an `InputError` if there is none, or it expands too much. */
export function requirePart(parts: WorkbookParts, path: string, name: string): ArchiveEntry {
  const part = parts.get(path);
  const excess = part === undefined ? undefined : excessOf(part.member.compressedSize, part.member.size);
  if (excess !== undefined) throw new UnreadableFileError(name, excess);
  if (part !== undefined) return part;
  throw new UnreadableFileError(
    name,
    `expected an Excel workbook (.xlsx), got a zip archive without ${path}; save it as .xlsx again`,
  );
}
