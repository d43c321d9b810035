import { chownSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makerTag, removeStaleFiles } from '../../src/base/stale-files.js';
import { thisProcess } from '../../src/base/processes.js';
import { temporaryFolder } from '../cli.js';

const dead = { ...thisProcess(), started: '1' }; // another process had this id
const elsewhere = { ...thisProcess(), namespace: 'of a container' };

/** Makes a draft folder with a file of that age inside. */
function draft(folder: string, name: string, hours = 0): string {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'rows'), 'x');
  const time = Date.now() / 1000 - 3600 * hours;
  utimesSync(join(folder, name, 'rows'), time, time);
  utimesSync(join(folder, name), Date.now() / 1000 - 3600 * 1000, Date.now() / 1000 - 3600 * 1000);
  return name;
}

it('are removed if their maker is gone, or unknown and they are a day old', () => {
  const folder = temporaryFolder();
  const kept = [
    draft(folder, `draft-${makerTag()}`, 1000), // this process is working on it
    draft(folder, `draft-${makerTag(elsewhere)}`, 23),
    draft(folder, `draft-${makerTag({ ...dead, boot: 'before' })}`, 23),
    draft(folder, 'draft-4194303', 23),
    draft(folder, `other-${makerTag(dead)}`, 1000),
  ];
  draft(folder, `draft-${makerTag(dead)}`);
  draft(folder, `draft-${makerTag(elsewhere)}`, 25);
  draft(folder, 'draft-4194304', 25);
  removeStaleFiles(folder, (name) => name.startsWith('draft-'));
  expect(readdirSync(folder).sort()).toEqual(kept.sort());
});

it.skipIf(process.getuid?.() !== 0)('are ignored if they belong to another user', () => {
  const folder = temporaryFolder();
  const name = draft(folder, `draft-${makerTag(dead)}`, 1000);
  chownSync(join(folder, name), 65534, 65534);
  removeStaleFiles(folder, () => true);
  expect(readdirSync(folder)).toEqual([name]);
});

it('are none in a missing folder', () => {
  expect(() => {
    removeStaleFiles(join(temporaryFolder(), 'none'), () => true);
  }).not.toThrow();
});
