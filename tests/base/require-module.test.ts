import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { requireInSteps } from '../../src/base/require-module.js';
import { temporaryFolder } from '../cli.js';

/** What the modules below note while they are loaded. */
const shared = globalThis as { loaded?: string[] };
afterEach(() => delete shared.loaded);

/** A module that takes 60 ms to load. */
const slow = (name: string, imports: string): string =>
  `${imports}\nconst start = performance.now();\nwhile (performance.now() - start < 60);\nloaded.push('${name}');\n`;

it('loads what a module imports first, in order, and lets signals be answered in between', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'deep'));
  const files = {
    'leaf.mjs': slow('leaf', "export const name = './no-import.mjs';"),
    'deep/middle.mjs': slow('middle', "// import './no-import.mjs';\nimport { name } from '../leaf.mjs';\nname;"),
    'top.mjs': slow('top', "import 'node:fs';\nexport { name } from './leaf.mjs';\nimport './deep/middle.mjs';"),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const loaded: string[] = (shared.loaded = []);
  const seen: number[] = [];
  const timer = setInterval(() => seen.push(loaded.length), 1);
  try {
    expect(await requireInSteps(join(folder, 'top.mjs'))).toBe(true);
  } finally {
    clearInterval(timer);
  }
  expect(loaded).toEqual(['leaf', 'middle', 'top']);
  expect(seen).toContain(2);
});
