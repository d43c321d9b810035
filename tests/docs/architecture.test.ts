/** @file The documents for contributors name only what exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsOf, SOURCE_FILES } from '../imports.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ARCHITECTURE = 'docs/architecture.md';
const DOCUMENTS = [ARCHITECTURE, 'CONTRIBUTING.md', 'CHANGELOG.md'];

const textOf = (document: string): string => readFileSync(join(ROOT, document), 'utf8');

/** What stands between backticks, and in the labels of diagrams. */
function codeIn(text: string): string[] {
  const diagrams = [...text.matchAll(/```mermaid\n([^]*?)```/g)].map(([, diagram]) => diagram);
  const labels = diagrams.flatMap((diagram) =>
    [...diagram.matchAll(/[\w.-]+(?:\/[\w.-]+)+\/?/g)].map(([path]) => path),
  );
  const withoutBlocks = text.replace(/```[^]*?```/g, '');
  return [...labels, ...[...withoutBlocks.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code)];
}

/** A file by its ending, or a path from one of the top folders; paths of a run's files are none of the repository's. */
const isPath = (code: string): boolean =>
  /^[\w./-]+$/.test(code) &&
  !code.startsWith('checkpoints/') &&
  (/\.(?:ts|mjs|js|py|md|css|yml)$/.test(code) || /^(?:src|tests|scripts|docs|data|bin|\.ci|\.github)\//.test(code));

/** The paths in a document: from the root, or in a row of the table of folders from its folder. */
function pathsIn(text: string): string[] {
  return text.split(/\n(?=\|)|(?<=\|)\n/).flatMap((part) => {
    const folder = /^\| `(src\/\w+\/)` \|/.exec(part)?.[1];
    return codeIn(part)
      .filter(isPath)
      .map((path) => (folder !== undefined && !path.startsWith('src/') ? join(folder, path) : path));
  });
}

const SOURCES = ['src', 'tests', 'scripts'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|mjs)$/.test(name))
    .map((name) => join(folder, name))
    .filter((name) => name !== join('tests/docs', 'architecture.test.ts')),
);

describe.each(DOCUMENTS)('%s', (document) => {
  it('names files and folders that exist', () => {
    const paths = pathsIn(textOf(document));
    if (document !== 'CHANGELOG.md') expect(paths.length).toBeGreaterThan(30);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = [...textOf(document).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, link]) => link);
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(document), link)))).toEqual([]);
  });

  it('names functions, types and constants that exist', () => {
    const words = new Set(SOURCES.flatMap((name) => textOf(name).match(/[A-Za-z_]\w*/g) ?? []));
    const names = codeIn(textOf(document)).flatMap(
      (code) => /^([A-Za-z]\w*[A-Z_]\w*)(?:\(.*\))?$/.exec(code)?.[1] ?? [],
    );
    expect(names.filter((name) => !words.has(name))).toEqual([]);
  });
});

describe(ARCHITECTURE, () => {
  const order = [...textOf(ARCHITECTURE).matchAll(/^\| `src\/(\w+)\/` \|/gm)].map(([, name]) => name);

  it('has a row for each folder of src/, and names the files beside them', () => {
    const files = [...textOf(ARCHITECTURE).matchAll(/`src\/(\w+\.ts)`/g)].map(([, name]) => name);
    const entries = readdirSync(join(ROOT, 'src'), { withFileTypes: true });
    const missing = entries.filter((entry) => !(entry.isDirectory() ? order : files).includes(entry.name));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('lists the folders of src/ in the order of their imports', () => {
    const upward = SOURCE_FILES.filter((file) => file.includes('/')).flatMap((file) => {
      const own = order.indexOf(file.split('/')[0]);
      const folders = importsOf(file).map(({ target }) => target.split('/')[0]);
      return folders.filter((folder) => order.indexOf(folder) > own).map((folder) => `${file} → ${folder}`);
    });
    expect(upward).toEqual([]);
  });
});
