import { createInterface } from 'node:readline/promises';
import { InputError } from '../../base/errors.js';

/**
 * Asks on the terminal; anything but a yes counts as a no.
 *
 * @throws InputError if there is no terminal to answer from
 */
export async function isAgreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new InputError(`${question} expected an answer from a terminal, but there is none; add --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => {
    terminal.once('close', () => {
      resolve(''); // Ctrl-C, Ctrl-D
    });
  });
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed]);
    return /^\s*(y|yes|예|네)\s*$/i.test(answer);
  } finally {
    terminal.close();
  }
}
