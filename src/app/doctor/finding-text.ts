import type { Finding } from './finding.js';
import { hangingText } from '../../base/wrap.js';

/** A finding as shown in a terminal of the given width. */
export function findingText({ name, ok, found, remedy }: Finding, columns = Infinity): string {
  return hangingText(`${ok ? '✓' : '✗'} ${name}`, `${found}${remedy === undefined ? '' : `; ${remedy}`}`, 14, columns);
}
