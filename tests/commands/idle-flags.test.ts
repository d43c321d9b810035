/** @file Flags that have no effect beside others are named in a warning. */
import { expect, it } from 'vitest';
import { kdHere } from '../in-process.js';
import { folderWithPairs, STUDENT, TEACHER } from './tiny.js';

it.each([
  [['report', '--port', '80'], '--port: not applied without --serve'],
  [['report', '--no-encode', '--device', 'cpu'], '--device: not applied with --no-encode'],
  [['report', 'a', 'b', '--backend', 'cpu'], '--backend: not applied to several runs, whose sentences are not encoded'],
  [
    ['eval', '--compare', 'a', '--no-pairs', '--sts', 'none', '--seed', '0', '--by', 'length', '--data', 'x'],
    '--data, --seed, --by: not applied with --no-pairs',
  ],
  [['generate', 'a', '--latents', 'none', '--seed', '1'], '--seed: not applied with --latents'],
  [['generate', 'a', '--guidance', '1', '--negative', 'b'], '--negative: not applied with --guidance 1 or below'],
  [['generate', 'a', '--teacher', 'b'], '--teacher: not applied without --compare'],
  [['generate', '--compare', 'none', '--preview'], '--preview: not applied to a grid'],
  [
    ['generate', 'a', '--compare-checkpoints', 'b', '--encoder', 'c'],
    '--encoder: not applied with --compare-checkpoints',
  ],
  [
    ['doctor', '--student', 'a', '--cluster-key', 'b', '--interface', 'c', '--cluster-timeout', '1'],
    "--cluster-key, --interface, --cluster-timeout: not applied without --hosts, TF_CONFIG or Slurm's variables",
  ],
  [['doctor', '--student', 'a'], '--student: not applied to a single device'],
  [['doctor', '--student', 'klue/roberta-small'], '--student: not applied to a single device'],
  [
    ['doctor', '--cluster-timeout', '300'],
    "--cluster-timeout: not applied without --hosts, TF_CONFIG or Slurm's variables",
  ],
])('%j', async (args, warning) => {
  const { stderr } = await kdHere(args, { env: { HF_HUB_OFFLINE: '1' } });
  expect(stderr).toContain(`warning: ${warning}\n`);
  expect(stderr.split('warning: ')).toHaveLength(args.includes('--cluster-key') ? 3 : 2);
});

it('of a preparation that is over', async () => {
  const cwd = folderWithPairs(4);
  const tokenizers = ['--teacher-tokenizer', TEACHER, '--student-tokenizer', STUDENT];
  await kdHere(['prepare', '--data', 'pairs.csv', '--out', 'store', ...tokenizers], { cwd });
  const flags = ['--ko-column', 'x', '--valid-fraction', '0.5', '--no-shuffle', '--teacher', 'none'];
  const { stderr } = await kdHere(['train', '--data', 'store', ...flags], { cwd, env: { HF_HUB_OFFLINE: '1' } });
  expect(stderr).toContain(
    'warning: --ko-column, --valid-fraction, --no-shuffle: not applied because store is prepared and used as it is\n',
  );
});

it('of previews without prompts', async () => {
  const flags = ['--data', 'pairs.csv', '--teacher', 'none', '--preview-steps', '5', '--preview-seed', '1'];
  const { stderr } = await kdHere(['train', ...flags], { cwd: folderWithPairs(4), env: { HF_HUB_OFFLINE: '1' } });
  expect(stderr).toContain('warning: --preview-steps, --preview-seed: not applied without --preview\n');
});

it('are not named if they were not given', async () => {
  const { stderr } = await kdHere(['generate', 'a', '--latents', 'none']);
  expect(stderr).not.toContain('warning');
});
