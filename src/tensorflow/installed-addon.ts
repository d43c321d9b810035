import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Where set-up installs an addon: beside that of the npm package, which looks for the same libtensorflow. */
export function installedAddon(name: string): string {
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json'));
  return join(folder, 'lib', 'napi-v8', name);
}
