/** @file Names that say that a file holds no data. */
import { posix } from 'node:path';

/** Documentation and descriptions of data sets. */
const DOCUMENTATION = /^(readme|licen[cs]e)(\.|$)|^dataset_(infos?|dict)\.json$/i;

/** The files that `datasets` writes beside its data. */
const DATA_SET = { description: 'dataset_info.json', state: 'state.json' };

/** Files that systems and office programs leave beside data: hidden files, locks of open documents, thumbnails. */
const LEFT_BEHIND =
  /^(\..*|~\$.*|thumbs\.db|desktop\.ini|icon\r|__macosx|@eadir|\$recycle\.bin|system volume information)$/i;

/** Files that Spark, Dask and `datasets` leave beside tables: success markers, summaries, locks. */
const BESIDE_TABLES = /^(_success|_metadata|_common_metadata|.*\.lock)$/i;

/** Whether a file or folder was left by a system or an office program. */
export function isLeftBehind(name: string): boolean {
  return LEFT_BEHIND.test(name);
}

/**
 * Whether a file documents or describes the data beside it.
 *
 * @param isBeside whether the same folder has a file of another name
 */
export function isDescription(name: string, isBeside: (other: string) => boolean): boolean {
  return (
    DOCUMENTATION.test(name) || BESIDE_TABLES.test(name) || (name === DATA_SET.state && isBeside(DATA_SET.description))
  );
}

/**
 * Whether a member of an archive holds no data, by its path.
 *
 * @param paths those of all members
 */
export function isIgnoredMember(member: string, paths: ReadonlySet<string>): boolean {
  const isBeside = (other: string): boolean => paths.has(posix.join(posix.dirname(member), other));
  return member.split('/').some(isLeftBehind) || isDescription(posix.basename(member), isBeside);
}
