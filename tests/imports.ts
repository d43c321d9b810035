/** @file The files of `src/` and what they import. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** The files of `src/`, by their paths in it. */
export const SOURCE_FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (name) => /\.c?ts$/.test(name) && !name.endsWith('.d.ts'),
);

export interface Import {
  /** A file of `src/`, by its path in it; otherwise a package, or a part of Node. */
  readonly target: string;
  /** Whether it is loaded together with the file: not for types only, and not later, by `import()`. */
  readonly isLoaded: boolean;
}

const FROM = /^(?:import|export) (type )?(?:[^;']* from )?'([^']+)'/gm;
const REQUIRED = /^import \w+ = require\('([^']+)'\)/gm;
const LATER = /\bimport\('([^']+)'\)/g;

/** The text of a file of `src/`. */
export function textOf(file: string): string {
  return readFileSync(join(SRC, file), 'utf8');
}

/** What a file of `src/` imports. */
export function importsOf(file: string): Import[] {
  const text = textOf(file);
  const target = (path: string): string =>
    path.startsWith('.') ? join(dirname(file), path).replace(/js$/, 'ts') : path;
  return [
    ...Array.from(text.matchAll(FROM), ([, type, path]) => ({ target: target(path), isLoaded: type === undefined })),
    ...Array.from(text.matchAll(REQUIRED), ([, path]) => ({ target: target(path), isLoaded: true })),
    ...Array.from(text.matchAll(LATER), ([, path]) => ({ target: target(path), isLoaded: false })),
  ];
}
