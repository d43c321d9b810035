/** @file The commands of docs/install.md: set-up's flags are read as the page says, and the files they name exist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readChoice } from '../../scripts/setup/choice.mjs';
import { kd, temporaryFolder } from '../cli.js';
import { nodePieceName, pieceName } from '../../scripts/setup/bundle/manifest.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
const COMMANDS = [...PAGE.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block]) =>
  block
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '')),
);

/** Arguments of set-up, and what they ask for; tests/scripts/bundle.test.ts makes and uses such bundles. */
const SETUPS: Readonly<Record<string, object>> = {
  'npm run setup -- --bundle kd-bundle': { bundle: { folder: 'kd-bundle', pieceBytes: 1e9, slim: false } },
  'npm run setup -- --bundle kd-bundle --device gpu --slim --piece-size 60M': {
    device: 'gpu',
    bundle: { folder: 'kd-bundle', pieceBytes: 60e6, slim: true },
  },
  'npm run setup -- --from kd-bundle': { from: 'kd-bundle' },
  './node scripts/setup.mjs --from kd-bundle': { from: 'kd-bundle' },
};

/** Commands that other tests run, by what they need. */
const OTHERS = {
  'cat kd-bundle/node.gz.* | gunzip > node && chmod +x node': [], // in tests/scripts/bundle.test.ts
  './node scripts/quickstart.mjs': ['scripts/quickstart.mjs'],
  './node bin/kd.js doctor': ['bin/kd.js'],
  // the package is packed, unpacked and run in tests/docs/api.test.ts
  'npm run setup && npm pack': ['scripts/setup.mjs'],
  'npm install -g ./kd-0.1.0.tgz': [],
  'npm install ./kd-0.1.0.tgz': [],
  'npm install git+file:///home/me/kd': [],
  'kd setup': ['src/commands/setup/index.ts'],
};

/** Commands of kd, run as they stand. */
const KD = ['kd doctor', 'kd train --recipe smoke --run first'];

describe('docs/install.md', () => {
  it('shows exactly the commands that are checked here', () => {
    expect(COMMANDS.sort()).toEqual([...Object.keys(SETUPS), ...Object.keys(OTHERS), ...KD].sort());
  });

  it.each(Object.entries(SETUPS))('%s', (command, asked) => {
    const args = command.slice(command.search(/--(?:bundle|from)/));
    expect(readChoice(args.split(' '), {})).toEqual({ quiet: false, ...asked });
  });

  it.each(KD)('%s', (command) => {
    const { code, stderr } = kd(command.split(' ').slice(1), { cwd: temporaryFolder() });
    expect(code, stderr).toBe(0);
  });

  it('names the package as npm pack does', () => {
    const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, string>;
    expect(PAGE).toContain(`makes ${name}-${version}.tgz`);
  });

  it('names files that exist, and those of a bundle as they are named', () => {
    for (const file of Object.values(OTHERS).flat()) expect(existsSync(join(ROOT, file)), file).toBe(true);
    expect(PAGE).toContain(`\`${pieceName(1)}\``);
    expect(PAGE).toContain(`\`${nodePieceName(1)}\``);
  });
});
