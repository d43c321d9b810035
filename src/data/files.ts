import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError, messageOf } from '../errors.js';

/** The data files found under some paths. */
export interface CorpusFiles {
  readonly files: readonly string[];
  /** Files in folders whose kind is not known: to be named to the user, not read. */
  readonly unrecognised: readonly string[];
}

/** Folders may explain themselves; that is neither data nor worth a word. */
const DOCUMENTATION = /^(readme|licen[cs]e)(\.|$)/i;

/**
 * The data files among the paths a user gave; folders are searched in full, in the order of their names. A file reached
 * twice counts once. Names that start with a dot and folders of models are passed over. Throws an `InputError` for a
 * path that cannot be read, a file of another kind, and where nothing is found.
 */
export async function findCorpusFiles(paths: readonly string[], extensions: readonly string[]): Promise<CorpusFiles> {
  const isData = (file: string) => extensions.includes(path.extname(file).toLowerCase());
  const files = new Map<string, string>(); // by real path
  const unrecognised: string[] = [];
  for (const given of paths) {
    const isFolder = (await readable(given, stat(given))).isDirectory();
    if (!isFolder && !isData(given)) {
      throw new InputError(`${given}: expected a folder or a file ending in ${extensions.join(', ')}; convert the file`);
    }
    for await (const file of isFolder ? filesUnder(given) : [given]) {
      const real = await realpath(file);
      if (isData(file) && !files.has(real)) files.set(real, file);
      else if (!isData(file) && !DOCUMENTATION.test(path.basename(file))) unrecognised.push(file);
    }
  }
  if (files.size > 0) return { files: [...files.values()], unrecognised };
  const others = unrecognised.length === 0 ? 'nothing' : unrecognised.slice(0, 3).join(', ');
  throw new InputError(
    `${paths.join(', ')}: expected files ending in ${extensions.join(', ')}, got ${others}; name the data with --data`,
  );
}

/** All files below a folder. `above` holds the real paths of the folders it lies in: a link may lead back to one. */
async function* filesUnder(folder: string, above: readonly string[] = []): AsyncGenerator<string> {
  const here = await realpath(folder);
  if (above.includes(here) || (await isModelFolder(folder))) return;
  const names = await readable(folder, readdir(folder));
  for (const name of names.sort(compareNames)) {
    if (name.startsWith('.')) continue;
    const entry = path.join(folder, name);
    if ((await readable(entry, stat(entry))).isDirectory()) yield* filesUnder(entry, [...above, here]);
    else yield entry;
  }
}

/** By code units after NFC, so that the order is the same on every machine and however an archive wrote the names. */
function compareNames(a: string, b: string): number {
  const [left, right] = [a.normalize('NFC'), b.normalize('NFC')];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A folder as the hub lays models out: its `config.json` tells the model's type. Its JSON files hold no pairs. */
async function isModelFolder(folder: string): Promise<boolean> {
  try {
    const config: unknown = JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8'));
    return typeof config === 'object' && config !== null && 'model_type' in config;
  } catch {
    return false; // no such file, or not a model's
  }
}

async function readable<T>(entry: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is none' : messageOf(error);
    throw new InputError(`${entry}: expected a file or folder that can be read, but ${found}; check the path`);
  }
}
