/** @file The Dockerfile, as far as it can be followed without Docker. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');

/** Instructions and their arguments, in order. */
const INSTRUCTIONS = [...DOCKERFILE.matchAll(/^([A-Z]+) (.+)$/gm)].map(([, name, rest]) => ({ name, rest }));
const FIRST_SETUP = INSTRUCTIONS.findIndex(({ rest }) => rest.includes('scripts/setup.mjs') && rest.includes('node '));

/** The sources of each COPY before the first set-up, with their target. */
const COPIES = INSTRUCTIONS.slice(0, FIRST_SETUP).flatMap(({ name, rest }) => {
  if (name !== 'COPY') return [];
  const words = rest.split(' ');
  return words.slice(0, -1).map((source) => ({ source, target: words.at(-1)! }));
});

describe('the Dockerfile', () => {
  let image: string;
  beforeAll(() => {
    image = mkdtempSync(join(tmpdir(), 'kd-image-'));
    for (const { source, target } of COPIES)
      cpSync(join(ROOT, source), join(image, target.endsWith('/') ? join(target, basename(source)) : target), {
        recursive: true,
      });
  });
  afterAll(() => {
    rmSync(image, { recursive: true });
  });

  it('has all of set-up in the layer of packages and TensorFlow, and no sources, whose edits would undo it', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs', '--help'], {
      cwd: image,
      encoding: 'utf8',
    });
    expect(stdout, stderr).toContain('--device auto|gpu|cpu');
    expect(status).toBe(0);
    for (const name of ['package-lock.json', '.npmrc', 'native/tf_session.cc'])
      expect(existsSync(join(image, name)), name).toBe(true);
    expect(existsSync(join(image, 'src'))).toBe(false);
  });

  it('keeps out of the image what set-up makes, and downloads and runs', () => {
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.git', 'node_modules', 'dist', 'checkpoints', 'downloads']));
  });
});
