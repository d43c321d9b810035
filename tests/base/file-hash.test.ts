import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOpenFile, sha256Of } from '../../src/base/file-hash.js';
import { temporaryFolder } from '../cli.js';

const MIB = 1 << 20;
const expected = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('the SHA-256 of a file', () => {
  it.each([0, 1, MIB - 1, MIB, 2 * MIB + 3])('is that of its %i bytes', async (size) => {
    const bytes = randomBytes(size);
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, bytes);
    expect(await sha256Of(path)).toBe(expected(bytes));
  });

  it('is that of its beginning, if asked, wherever the file was read before', async () => {
    const bytes = randomBytes(2 * MIB);
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, bytes);
    const handle = await open(path);
    await handle.read(Buffer.alloc(10));
    for (const [most, read] of [
      [0, 0],
      [MIB + 7, MIB + 7],
      [3 * MIB, 2 * MIB],
    ] as const) {
      const hash = createHash('sha256');
      expect(await hashOpenFile(handle, hash, most)).toBe(read);
      expect(hash.digest('hex')).toBe(expected(bytes.subarray(0, read)));
    }
    await handle.close();
  });

  it('is not that of a folder or a file that does not exist', async () => {
    const folder = temporaryFolder();
    await expect(sha256Of(folder)).rejects.toThrow('EISDIR');
    await expect(sha256Of(join(folder, 'none'))).rejects.toThrow('ENOENT');
  });
});
