import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Tests that run the command run the built one: build it where the sources are newer. */
export function setup(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/setup.mjs', import.meta.url))], {
    stdio: 'inherit',
  });
}
