/** @file Models that can be opened, but not as what they are given for. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, type CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { folderWithPairs, STUDENT, TEACHER, trainArguments, writeModel } from './tiny.js';

it('a teacher that training would refuse is not evaluated against', async () => {
  const cwd = folderWithPairs(8);
  const { code, stderr } = await kdHere(['eval', '--compare', TEACHER, '--teacher', STUDENT, '--data', 'pairs.csv'], {
    cwd,
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^error: --teacher \S+: expected a CLIP text model, got one of the RoBERTa family; choose a CLIP/m,
  );
});

it("a RoBERTa's pad id other than its tokenizer's causes a warning, since it determines positions", async () => {
  const cwd = folderWithPairs(8);
  const odd = await writeModel(join(temporaryFolder(), 'odd'), STUDENT, { pad_token_id: 3 });
  writeFileSync(join(cwd, 'texts.txt'), 'a red car\n');
  const encode = (model: string): Promise<CliResult> =>
    kdHere(['encode', '--model', model, '--input', 'texts.txt', '--output', 'out.safetensors'], { cwd });
  const warning = `${odd}: its config.json says that padding is id 3 (pad_token_id), its tokenizer pads with 1: `;
  const encoded = await encode(odd);
  expect([encoded.code, encoded.stderr]).toEqual([0, expect.stringContaining(`warning: --model ${warning}`)]);
  for (const model of [STUDENT, TEACHER]) expect((await encode(model)).stderr, model).not.toContain('warning');
  const trial = await kdHere(trainArguments(['--student', odd, '--dry-run', '--engine', 'eager']), { cwd });
  expect(trial.stderr).toContain(`warning: --student ${warning}`);
});
