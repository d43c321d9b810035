/** @file Recognises headers among the rows. Joined files keep the header of each file, and some files have two. */
import { foldName, isNamesAlone } from '../column-names.js';
import { recogniseHeader, type TextColumns } from '../columns.js';
import { foldText, visibleText } from './cleaning.js';

/**
 * Whether the two texts of a row, folded and without invisible characters, are a header and not a pair: the names of
 * their columns, or a name for each language, in either order. A translation is never mistaken for one: `한국어` and its
 * translation `Korean` both name Korean.
 */
export function repeatedHeaderTest(columns: TextColumns): (ko: string, en: string) => boolean {
  const [first, second] = [columns.ko, columns.en].map((name) => foldName(visibleText(foldText(name))));
  const isNamed = (text: string, name: string): boolean => text.length === name.length && foldName(text) === name;
  const areTheirNames = (a: string, b: string): boolean => isNamed(a, first!) && isNamed(b, second!);
  return (ko, en) =>
    areTheirNames(ko, en) ||
    areTheirNames(en, ko) ||
    (isNamesAlone(ko) && isNamesAlone(en) && recogniseHeader([ko, en]) !== undefined);
}
