/**
 * @file Recognises the two sides of aligned text files by their paths, as Moses, OPUS and others name them: `x.ko` and
 * `x.en`, `ko.txt`, `ko_x.txt`, or files of the same name in folders `ko` and `en`.
 */
import { posix } from 'node:path';

/** The side of an aligned file, by its path. */
export interface Side {
  /** What the paths of both sides have in common. */
  readonly key: string;
  readonly language: 'ko' | 'en';
  /** Whether the language is the very end of the name, so that it can hardly mean anything else. */
  readonly isCertain: boolean;
}

const LANGUAGES = {
  ko: ['ko', 'kor', 'kr', 'korean', 'ko-kr', 'ko_kr', '한국어', '국문', '한글'],
  en: ['en', 'eng', 'english', 'en-us', 'en_us', '영어', '영문'],
} as const;

const NAME = [...LANGUAGES.ko, ...LANGUAGES.en].toSorted((a, b) => b.length - a.length).join('|');

/** The ends of the names of plain texts, such as those that were tokenised. */
const PLAIN = '(?:\\.(?:txt|tok|raw|sent))?(?:\\.gz)?';

const LAST = new RegExp(`^((?:.*?[._-])?)(${NAME})(${PLAIN})$`, 'i');
const FIRST = new RegExp(`^()(${NAME})([_-][^.]+${PLAIN})$`, 'i');
const PLAIN_NAME = /^(?:[^.]+|.*\.(?:txt|tok|raw|sent))(?:\.gz)?$/i;
const FOLDER = new RegExp(`^(?:${NAME})$`, 'i');
const COMPRESSED = /\.gz$/i;

/**
 * The sides that a file may be, the likeliest first: by its name, and by the innermost folder with a language's name.
 */
export function sidesOf(path: string): Side[] {
  const [folder, name] = [posix.dirname(path), posix.basename(path)];
  const byName = [LAST, FIRST].flatMap((pattern): Side[] => {
    const found = pattern.exec(name);
    if (found === null) return [];
    const [, start, language, end] = found;
    const isCertain = start!.endsWith('.') && /^(?:\.gz)?$/i.test(end!);
    return [{ key: keyOf(folder, `${start}*${end}`), language: languageOf(language!), isCertain }];
  });
  const byFolder = byName.length === 0 && !PLAIN_NAME.test(name) ? undefined : sideByFolder(folder, name, byName[0]);
  return byFolder === undefined ? byName : [...byName, byFolder];
}

/** The folders, if any, that may have the other side of a file in a folder with a language's name. */
export function partnerFolders(path: string): string[] {
  const folders = posix.dirname(path).split('/');
  const at = folders.findLastIndex((name) => FOLDER.test(name));
  if (at === -1) return [];
  const other = languageOf(folders[at]!) === 'ko' ? LANGUAGES.en : LANGUAGES.ko;
  const names = other.flatMap((name) => [name, name.toUpperCase(), `${name[0]!.toUpperCase()}${name.slice(1)}`]);
  return [...new Set(names)].map((name) => folders.with(at, name).join('/'));
}

/** Whether two paths are, or may be, the two sides of one text. */
export function arePartners(a: string, b: string): boolean {
  return sidesOf(a).some((first) =>
    sidesOf(b).some((second) => first.key === second.key && first.language !== second.language),
  );
}

function sideByFolder(folder: string, name: string, byName: Side | undefined): Side | undefined {
  const folders = folder.split('/');
  const at = folders.findLastIndex((each) => FOLDER.test(each));
  if (at === -1) return undefined;
  const language = languageOf(folders[at]!);
  if (byName !== undefined && byName.language !== language) return undefined;
  const common = byName === undefined ? name : posix.basename(byName.key);
  return { key: keyOf(folders.with(at, '*').join('/'), common), language, isCertain: false };
}

/**
 * Names differ in case on some systems; paths of folders do not. One of the sides may be compressed and the other not.
 */
function keyOf(folder: string, name: string): string {
  return `${folder}/${name.toLowerCase().replace(COMPRESSED, '')}`;
}

/** Whether the file of a side is compressed, by its name. */
export function isCompressed(name: string): boolean {
  return COMPRESSED.test(name);
}

function languageOf(name: string): 'ko' | 'en' {
  return (LANGUAGES.ko as readonly string[]).includes(name.toLowerCase()) ? 'ko' : 'en';
}
