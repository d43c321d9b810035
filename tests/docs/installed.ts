/** @file kd as npm would install it, in a folder of its own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Packs kd, and unpacks it to the folder's node_modules, with its command. */
export function installPackage(folder: string): void {
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const into = join(folder, 'node_modules/kd');
  for (const name of [into, join(folder, 'node_modules/.bin')]) mkdirSync(name, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, packed.trim()), '-C', into, '--strip-components', '1']);
  symlinkSync('../kd/bin/kd.js', join(folder, 'node_modules/.bin/kd'));
}
