/**
 * @file Runs `kd` in the test's own process: everything but the process itself, without the seconds that one takes to
 *   start.
 */
import { failureOf } from '../src/commands/failure.js';
import { createProgram } from '../src/commands/program.js';
import { holdToSchema } from './json-events.js';
import { temporaryFolder, type CliOptions, type CliResult } from './cli.js';

/** What a command that runs here can be given. */
type Options = Pick<CliOptions, 'cwd' | 'env'>;

/** Runs `kd` like `kd()` in `cli.ts`, but here. What native code writes to the terminal is not among its words. */
export async function kdHere(args: readonly string[], options: Options = {}): Promise<CliResult> {
  const result = await run(args, options);
  holdToSchema(args, result.stdout);
  return result;
}

async function run(args: readonly string[], { cwd = temporaryFolder(), env = {} }: Options): Promise<CliResult> {
  const home = process.cwd();
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  const said = { stdout: '', stderr: '' };
  const streams = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const write = stream.write.bind(stream);
    stream.write = (text: string | Uint8Array) => {
      said[name] += String(text);
      return true;
    };
    return () => {
      stream.write = write;
    };
  });
  const program = await createProgram(args);
  process.chdir(cwd);
  try {
    await program.parseAsync(args, { from: 'user' });
    return { code: Number(process.exitCode ?? 0), ...said };
  } catch (error) {
    const { exitCode, text, event } = failureOf(error, args);
    const line = event !== undefined && program.opts<{ json?: boolean }>().json ? `${JSON.stringify(event)}\n` : '';
    return { code: exitCode, stdout: said.stdout + line, stderr: said.stderr + text };
  } finally {
    process.exitCode = undefined;
    for (const [name, value] of before)
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    process.chdir(home);
    for (const restore of streams) restore();
  }
}
