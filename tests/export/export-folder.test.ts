import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type * as promises from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { writeExportFolder } from '../../src/export/export-folder.js';
import { temporaryFolder } from '../cli.js';

const { disk } = vi.hoisted(() => ({ disk: { renamesLeft: Infinity } }));
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof promises>();
  const rename: typeof promises.rename = async (from, to) => {
    if (disk.renamesLeft-- <= 0) throw new Error('killed');
    await actual.rename(from, to);
  };
  return { ...actual, rename };
});

const parent = temporaryFolder();
const write = (name: string, text: string, fill: () => void = () => undefined): Promise<void> =>
  writeExportFolder(join(parent, name), (temporary) => {
    writeFileSync(join(temporary, 'model'), text);
    fill();
    return Promise.resolve({});
  });
const modelIn = (name: string): string => readFileSync(join(parent, name, 'model'), 'utf8');
const hidden = (): string[] => readdirSync(parent).filter((name) => name.startsWith('.'));

/** Leaves what a process leaves that is killed when it has moved an earlier export away, and not yet the new one in. */
async function killBetweenRenames(name: string): Promise<void> {
  await expect(
    write(name, 'never in place', () => {
      disk.renamesLeft = 2; // of the description, and of the earlier export
    }),
  ).rejects.toThrow('killed');
  disk.renamesLeft = Infinity;
  const [earlier] = hidden();
  renameSync(join(parent, earlier), join(parent, earlier.replace(/-\d+-\d+-([0-9a-f]{16}\.old)$/, '-999999999-1-$1')));
}

describe('an export that was killed while it replaced an earlier one', () => {
  it('leaves the earlier one to the next export, which puts it back until it is done', async () => {
    await write('exported', 'earlier');
    await killBetweenRenames('exported');
    expect(readdirSync(parent)).not.toContain('exported');
    await write('exported', 'newer', () => {
      expect(modelIn('exported')).toBe('earlier');
    });
    expect([modelIn('exported'), hidden()]).toEqual(['newer', []]);
  });

  it('leaves it to no other export', async () => {
    await write('one', 'one');
    await killBetweenRenames('one');
    await write('other', 'other');
    expect([modelIn('other'), hidden().length]).toEqual(['other', 1]);
    await expect(
      write('one', '', () => {
        throw new Error('stopped');
      }),
    ).rejects.toThrow('stopped');
    expect([modelIn('one'), hidden()]).toEqual(['one', []]);
  });
});
