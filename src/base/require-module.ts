import { createRequire } from 'node:module';

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
