/** @file What `kd setup` does. */
import type { OutputOptions } from '../../app/output.js';
import { InputError } from '../../base/errors.js';

/** The flags of `kd setup`. */
export interface SetupFlags {
  readonly device?: string;
  readonly cuda?: string;
  readonly from?: string;
}

/** What is used of the setup script, which needs no packages. */
interface SetupScript {
  readonly answerArguments: (args: readonly string[]) => Promise<void>;
}

/**
 * Runs the setup script, in this process: what it starts ends with it.
 *
 * @throws InputError if it could not set up
 */
export async function setUp(flags: SetupFlags, { quiet = false }: OutputOptions): Promise<void> {
  const given = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const script = new URL('../../../scripts/setup.mjs', import.meta.url).href;
  const { answerArguments } = (await import(script)) as SetupScript;
  try {
    await answerArguments([...given, ...(quiet ? ['--quiet'] : [])]);
  } catch (error) {
    if (error instanceof Error && error.name === 'SetupError') throw new InputError(error.message);
    throw error;
  }
}
