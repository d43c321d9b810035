/** @file What the arguments of `kd` name, before they are parsed. */

/** The subcommands in the order of the help. */
export const SUBCOMMAND_NAMES = [
  'prepare',
  'train',
  'eval',
  'encode',
  'export',
  'generate',
  'runs',
  'report',
  'doctor',
  'setup',
] as const;
export type SubcommandName = (typeof SUBCOMMAND_NAMES)[number];

/** The subcommand that these arguments name, if any. */
export function namedSubcommand(args: readonly string[]): SubcommandName | undefined {
  const [first] = withoutGlobalFlags(args);
  return SUBCOMMAND_NAMES.find((name) => name === first);
}

/** The arguments without the flags that may stand before a subcommand. */
export function withoutGlobalFlags(args: readonly string[]): string[] {
  return args.filter((arg) => !['--quiet', '--json'].includes(arg));
}
