import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';

/**
 * Loads an ES module with `require`, which opens files one at a time; `import` opens hundreds at once.
 *
 * @param path absolute
 * @returns false if this version of Node cannot `require` ES modules, or one with a top-level await
 */
export function requireModule(path: string): boolean {
  try {
    createRequire(import.meta.url)(path);
    return true;
  } catch (error) {
    if (!/^ERR_REQUIRE_(ESM|ASYNC_MODULE)$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  }
}

/** How long modules are loaded before signals are answered, in milliseconds. */
const STEP_MS = 50;

/**
 * Loads an ES module as `requireModule` does, after the modules that it imports, so that signals are answered in
 * between: loading hundreds of modules takes up to a second.
 *
 * @param path absolute
 * @returns as `requireModule`
 */
export async function requireInSteps(path: string): Promise<boolean> {
  let started = performance.now();
  for (const module of importOrder(path)) {
    if (!requireModule(module)) return false;
    if (performance.now() - started < STEP_MS) continue;
    await setImmediate();
    started = performance.now();
  }
  return true;
}

/** An import of a file, as TypeScript compiles it. */
const IMPORT = /^(?:import|export) (?:[^'"\n]+ from )?'(\.\.?\/[^']+)'/gm;

/** The files that a module imports, directly or not, each after those that it imports; then the module itself. */
function* importOrder(path: string, seen = new Set<string>()): Generator<string> {
  seen.add(path);
  for (const [, name] of readFileSync(path, 'utf8').matchAll(IMPORT)) {
    const imported = resolve(dirname(path), name!);
    if (!seen.has(imported)) yield* importOrder(imported, seen);
  }
  yield path;
}
