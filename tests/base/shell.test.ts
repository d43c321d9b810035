import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellCommand, shellQuote } from '../../src/base/shell.js';

const NASTY = [
  '',
  'a b',
  "it's",
  '"quoted"',
  '$HOME',
  '`id`',
  '~',
  '~root/x',
  '*',
  '[a-z]?',
  '{a,b}',
  'a!b',
  '!!',
  'a;b',
  'a&b|c>d<e',
  '(x)',
  '#no comment',
  'back\\slash',
  '-leading-dash',
  '--',
  '=ls',
  'two\nlines',
  'tab\there',
  '한국어 문장',
  'no\u00a0break',
  '\u3000',
];

/** The words that a shell reads from a command line, after its name. */
function wordsIn(shell: string, command: string): string[] {
  const { stdout, stderr, status } = spawnSync(shell, ['-c', `kd() { printf '%s\\0' "$@"; }; ${command}`], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stdout.split('\0').slice(0, -1);
}

const SHELLS = ['sh', 'bash', 'zsh', 'dash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);

it.each(SHELLS)('a command line is read back unchanged by %s', (shell) => {
  expect(wordsIn(shell, shellCommand(['kd', ...NASTY]))).toEqual(NASTY);
});

it('does not quote what needs no quotes', () => {
  for (const word of ['train', '--log-every', 'a/b.csv', 'openai/clip@main', '5e-5', '노란색-차', 'x=1', 'a,b:c'])
    expect(shellQuote(word)).toBe(word);
});
