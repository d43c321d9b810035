import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsOf, SOURCE_FILES, textOf } from './imports.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The rooms of `src/`, lowest first: a file imports, types included, from its own room and from those below it. */
const ROOMS: readonly (readonly string[])[] = [
  ['base'],
  ['cluster', 'onnx', 'text'],
  ['data', 'weights'],
  ['models'],
  ['distill'],
  ['tensorflow'],
  ['engine', 'runs'],
  ['evaluate', 'export', 'diffusion'],
  ['app'],
  ['training'],
  ['report'],
  ['commands', 'index.ts'],
  ['cli.ts'],
];

const LONGEST_LINE = 120;

/** The most that flags, screens and exit codes may come to. */
const MAX_COMMAND_LINES = 2_400;

const roomOf = (file: string): string => file.split('/')[0];
const levelOf = (file: string): number => ROOMS.findIndex((rooms) => rooms.includes(roomOf(file)));

const imports = new Map(SOURCE_FILES.map((file) => [file, importsOf(file)]));

/** The files of `src/` that a file imports, for types, too. */
const filesImportedBy = (file: string): string[] =>
  imports
    .get(file)!
    .map(({ target }) => target)
    .filter((target) => imports.has(target));

/** The files of `src/` and the packages that are loaded with a file. */
const loadedBy = (file: string): string[] =>
  (imports.get(file) ?? []).filter(({ isLoaded }) => isLoaded).map(({ target }) => target);

/** Whether something that is loaded is neither a file of `src/` nor a part of Node. */
const isPackage = (name: string): boolean => !imports.has(name) && !name.startsWith('node:');

/** What can be reached from a file by imports. */
function reachedFrom(file: string, importedBy: (file: string) => readonly string[] = filesImportedBy) {
  const reached = new Set<string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const imported of importedBy(next)) {
      if (reached.has(imported)) continue;
      reached.add(imported);
      waiting.push(imported);
    }
  }
  return reached;
}

describe('the layout', () => {
  it('has a place for every file', () => {
    expect(SOURCE_FILES.length).toBeGreaterThan(60);
    expect(SOURCE_FILES.filter((file) => levelOf(file) === -1)).toEqual([]);
  });

  it('has imports in one direction only', () => {
    const upward = SOURCE_FILES.flatMap((file) =>
      filesImportedBy(file)
        .filter((imported) => roomOf(file) !== roomOf(imported) && levelOf(imported) >= levelOf(file))
        .map((imported) => `${file} → ${imported}`),
    );
    expect(upward).toEqual([]);
  });

  it('has no import cycles, types included', () => {
    expect(SOURCE_FILES.filter((file) => reachedFrom(file).has(file))).toEqual([]);
  });

  it('has commands that do not import each other', () => {
    const folderOf = (file: string): string | undefined => /^commands\/([^/]+)\//.exec(file)?.[1];
    const across = SOURCE_FILES.flatMap((file) =>
      filesImportedBy(file)
        .filter((imported) => folderOf(file) !== undefined && folderOf(imported) !== undefined)
        .filter((imported) => folderOf(file) !== folderOf(imported))
        .map((imported) => `${file} → ${imported}`),
    );
    expect(across).toEqual([]);
  });

  it('loads neither TensorFlow nor a reader of files for the help of a command', () => {
    const indexes = SOURCE_FILES.filter((file) => /^commands\/[^/]+\/index\.ts$/.test(file));
    expect(indexes).toHaveLength(10);
    const packages = indexes.flatMap((file) => [...reachedFrom(file, loadedBy)].flatMap(loadedBy).filter(isPackage));
    expect([...new Set(packages)].sort()).toEqual(['cli-progress', 'commander', 'string-width']);
  });

  it.each([
    ['runs', ['@tensorflow/tfjs-core', 'apache-arrow']],
    ['report', ['@tensorflow/tfjs-core', 'apache-arrow']],
    ['prepare', ['@tensorflow/tfjs-core']],
    ['encode', ['apache-arrow']],
    ['export', ['apache-arrow']],
    ['generate', ['apache-arrow']],
  ])('loads for kd %s none of %j, each a tenth of a second', (command, needless) => {
    const reached = [...reachedFrom(`commands/${command}/action.ts`, loadedBy)];
    expect(reached.length).toBeGreaterThan(20);
    expect(needless.filter((name) => reached.includes(name))).toEqual([]);
  });

  it('limits commands to flags, screens and exit codes', () => {
    const lines = SOURCE_FILES.filter((file) => file.startsWith('commands/')).map(
      (file) => textOf(file).split('\n').length,
    );
    expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThan(MAX_COMMAND_LINES);
  });
});

it('every exported function and class of the sources has a comment', () => {
  const silent = SOURCE_FILES.flatMap((file) => {
    const lines = textOf(file).split('\n');
    return lines.flatMap((line, i) =>
      /^export (async )?(function|class) /.test(line) && !lines[i - 1]?.endsWith('*/') ? [`${file}:${i + 1}`] : [],
    );
  });
  expect(silent).toEqual([]);
});

it('names every class of errors with the ending Error', () => {
  const named = SOURCE_FILES.flatMap((file) =>
    [...textOf(file).matchAll(/class (\w+) extends \w*Error\b/g)].map(([, name]) => name),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !name.endsWith('Error'))).toEqual([]);
});

/** Whether a line of a test is over the limit for what cannot be broken: a pattern, or a text that is compared. */
function isOneLiteral(file: string, line: string): boolean {
  return file.startsWith('tests/') && /[/'"`].{80,}[/'"`]/.test(line);
}

it(`no line of code is over ${LONGEST_LINE} columns`, () => {
  const code = ['src', 'tests', 'scripts', 'bin'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|mjs|js)$/.test(name) && !name.startsWith('fixtures/'))
      .map((name) => join(folder, name)),
  );
  const long = code.flatMap((file) =>
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => (line.length > LONGEST_LINE && !isOneLiteral(file, line) ? [`${file}:${i + 1}`] : [])),
  );
  expect(long).toEqual([]);
});
