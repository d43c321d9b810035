import { expect, it } from 'vitest';
import { examplesText, formatItem, type Example } from '../../src/commands/help.js';
import { createProgram } from '../../src/commands/program.js';

const EXAMPLES: readonly Example[] = [
  ['kd runs', 'the runs, the newest first'],
  ['echo "a b" | kd encode --model first:300 --input - --output texts.safetensors', 'texts as files'],
];

it('examples are shown beside their descriptions', () => {
  expect(examplesText(EXAMPLES, Infinity)).toBe(
    `
Examples:
  $ kd runs  the runs, the newest first
  $ echo "a b" | kd encode --model first:300 --input - --output texts.safetensors
             texts as files`,
  );
});

it('examples that are too long for the terminal are broken with shell continuations', () => {
  expect(examplesText(EXAMPLES, 36)).toBe(
    `
Examples:
  $ kd runs
      the runs, the newest first
  $ echo "a b" | kd encode \\
      --model first:300 --input - \\
      --output texts.safetensors
      texts as files`,
  );
});

it('a flag is described beside it, or below on a narrow terminal', async () => {
  const help = (await createProgram()).createHelp();
  help.helpWidth = 50;
  expect(formatItem('--run <name>', 14, 'the folder under checkpoints/ that it has', help)).toBe(
    '  --run <name>    the folder under checkpoints/\n                  that it has',
  );
  help.helpWidth = 40;
  expect(formatItem('--run <name>', 14, 'the folder under checkpoints/ that it has', help)).toBe(
    '  --run <name>\n      the folder under checkpoints/ that\n      it has',
  );
});

it('defaults are shown as they are typed', async () => {
  const { commands } = await createProgram();
  const options = commands.flatMap(({ options }) => options);
  const unsayable = options.filter(
    ({ defaultValue, defaultValueDescription }) =>
      typeof defaultValue === 'object' && defaultValueDescription === undefined,
  );
  expect(unsayable.map(({ long }) => long)).toEqual([]);
});

it('--help is listed among the flags of every command, not in the last group of its own', async () => {
  const { commands } = await createProgram();
  for (const command of commands) {
    const [, before, global] = /^([^]*)\nGlobal Options:\n([^]*?)\n\n/.exec(`${command.helpInformation()}\n\n`)!;
    expect(before).not.toContain('--help');
    expect(global.match(/^ {2}(-\S, )?--\S+/gm)).toEqual(expect.arrayContaining(['  --json', '  -h, --help']));
  }
});
