#!/usr/bin/env node
import { existsSync } from 'node:fs';

const built = new URL('../dist/cli.js', import.meta.url);
if (existsSync(built)) {
  await import(built.href);
} else {
  process.stderr.write(
    'kd: expected the built sources in dist/, found none; run `npm run setup` in the folder of kd\n',
  );
  process.exitCode = 1;
}
