/** @file The cells of notebooks/kd.ipynb, run in order by Python in a folder where kd is installed and set up. */
import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeHome } from '../../scripts/setup/home.mjs';
import { temporaryFolder } from '../cli.js';
import { installPackage } from './installed.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NOTEBOOK = join(ROOT, 'notebooks/kd.ipynb');

interface Cell {
  readonly cell_type: 'code' | 'markdown';
  readonly source: readonly string[];
  readonly outputs?: readonly unknown[];
}

const { cells } = JSON.parse(readFileSync(NOTEBOOK, 'utf8')) as { readonly cells: readonly Cell[] };

/** What Jupyter does with `!command` and `IPython.display`; a command that fails ends it. */
const RUNNER = `
import json, os, re, subprocess, sys, types
def shell(command):
    if command == "npx kd setup": return  # kd is set up: it would fetch from the network
    status = subprocess.run(command, shell=True).returncode
    if status: sys.exit(f"{command}: exit status {status}")
def image(path):
    with open(path, "rb") as file: return file.read(8)
display = types.ModuleType("IPython.display")
display.Image, display.display = image, lambda content: print("displayed", content[1:4].decode())
sys.modules["IPython"], sys.modules["IPython.display"] = types.ModuleType("IPython"), display
names = {"shell": shell}
with open(sys.argv[1], encoding="utf-8") as file: cells = json.load(file)["cells"]
for cell in cells:
    if cell["cell_type"] != "code": continue
    sys.stdout.flush()
    exec(re.sub(r"^( *)!(.*)$", r'\\1shell(f"""\\2""")', "".join(cell["source"]), flags=re.M), names)
`;

const hasPython = spawnSync('python3', ['-c', 'import sys; assert sys.version_info >= (3, 8)']).status === 0;

describe('notebooks/kd.ipynb', () => {
  it('has no outputs, and sets kd up before using it', () => {
    for (const { cell_type: kind, outputs } of cells) if (kind === 'code') expect(outputs).toEqual([]);
    const commands = cells
      .filter((cell) => cell.cell_type === 'code')
      .flatMap((cell) => cell.source.map((line) => line.trim()).filter((line) => line.startsWith('!npx kd ')));
    expect(commands[0]).toBe('!npx kd setup');
    expect(commands).toHaveLength(4);
  });

  it.skipIf(!hasPython)(
    'trains a student that learns, and encodes with it',
    async () => {
      const folder = temporaryFolder();
      installPackage(folder);
      const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), PYTHONIOENCODING: 'utf-8' };
      const home = await makeHome(join(folder, 'node_modules/kd'), env);
      symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules')); // what set-up puts there
      const { status, stdout, stderr } = spawnSync('python3', ['-c', RUNNER, NOTEBOOK], {
        cwd: folder,
        env,
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
      expect(stdout).toContain('displayed PNG');
      const [, losses] = /^validation loss: (.+)$/m.exec(stdout)!;
      const [first, ...later] = losses.split(' → ').map(Number);
      expect(Math.min(...later)).toBeLessThan(first / 2);
      expect(stdout).toMatch(/^\S+ F32 \[2, 77, 64\]$/m);
    },
    240_000,
  );
});
