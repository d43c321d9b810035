import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** The rooms of `src/`, lowest first: a file imports from its own room and from those below it. */
const ROOMS: readonly (readonly string[])[] = [
  ['.'],
  ['text'],
  ['data', 'weights'],
  ['models'],
  ['distill'],
  ['engine', 'runs'],
  ['evaluate', 'export', 'diffusion'],
  ['report'],
  ['commands'],
  ['cli.ts'],
];

/** What may be imported from `src/` itself: small things that belong to no room. */
const BASE = [
  'errors.ts',
  'json-schema.ts',
  'files.ts',
  'leftovers.ts',
  'lock',
  'new-file.ts',
  'markdown.ts',
  'csv.ts',
  'processes.ts',
  'python-json.ts',
  'random.ts',
  'protobuf.ts',
  'onnx-format.ts',
  'onnx-telemetry.ts',
  'version.ts',
  'html.ts',
  'format.ts',
  'shell.ts',
  'json-shape.ts',
  'disk-space.ts',
  'regular-file.ts',
];

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.endsWith('.d.ts'),
);

function roomOf(file: string): string {
  if (file === 'cli.ts') return file;
  const [first] = file.split('/');
  return BASE.includes(first) ? '.' : first;
}

function levelOf(room: string): number {
  return ROOMS.findIndex((rooms) => rooms.includes(room));
}

/** The files of `src/` that a file imports. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const found = text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g);
  return [...found].map(([, path]) => relative(SRC, join(SRC, dirname(file), path)).replace(/\.js$/, '.ts'));
}

describe('the layout', () => {
  it('has a place for every file', () => {
    expect(files.length).toBeGreaterThan(60);
    expect(files.filter((file) => levelOf(roomOf(file)) === -1)).toEqual([]);
  });

  it('has imports that go one way', () => {
    const upward = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => {
          const [from, to] = [roomOf(file), roomOf(imported)];
          return from !== to && levelOf(to) >= levelOf(from);
        })
        .map((imported) => `${file} → ${imported}`),
    );
    expect(upward).toEqual([]);
  });
});
