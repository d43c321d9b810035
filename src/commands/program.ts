import { TEXT } from '../base/kinds.js';
import { KD } from '../base/own-command.js';
import { examplesText, formatItem, visibleGlobalOptions, visibleOptions } from './help.js';
import { Command, type Option } from 'commander';
import { EXCESS } from './failure.js';
import { printHelpAsEvents } from './json-help.js';
import { namedSubcommand, SUBCOMMAND_NAMES, withoutGlobalFlags, type SubcommandName } from './arguments.js';
import { VERSION } from '../base/version.js';

/** The subcommands. Each is loaded on demand, since loading all of them takes half a second. */
const SUBCOMMANDS: Readonly<Record<SubcommandName, () => Promise<Command>>> = {
  prepare: async () => (await import('./prepare/index.js')).prepareCommand(),
  train: async () => (await import('./train/index.js')).trainCommand(),
  eval: async () => (await import('./eval/index.js')).evalCommand(),
  encode: async () => (await import('./encode/index.js')).encodeCommand(),
  export: async () => (await import('./export/index.js')).exportCommand(),
  generate: async () => (await import('./generate/index.js')).generateCommand(),
  runs: async () => (await import('./runs/index.js')).runsCommand(),
  report: async () => (await import('./report/index.js')).reportCommand(),
  doctor: async () => (await import('./doctor/index.js')).doctorCommand(),
  setup: async () => (await import('./setup/index.js')).setupCommand(),
};

/** The subcommands to load for these arguments: the named one, none for `--version`, otherwise all. */
export function subcommandsFor(args: readonly string[]): readonly SubcommandName[] {
  const [first] = withoutGlobalFlags(args);
  if (first === '-V' || first === '--version') return [];
  const named = namedSubcommand(args);
  return named === undefined ? SUBCOMMAND_NAMES : [named];
}

/**
 * Builds `kd` with the subcommands needed for `args`. Errors are thrown; the process is never ended here.
 *
 * @param args the arguments to be parsed; none for all subcommands
 */
export async function createProgram(args: readonly string[] = []): Promise<Command> {
  const program = new Command(KD)
    .description("Trains a small text encoder for Korean and English to replace CLIP-L's in Stable Diffusion.")
    .version(VERSION, '-V, --version', 'print the version')
    .option('--quiet', 'print results and errors only')
    .option('--json', 'print one JSON object per line on standard output, and nothing else')
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      () => `${examplesText([[`${KD} train --epochs 10 --samples 1000000`]])}\n\n\`${KD} <command> --help\` says more.`,
    );
  for (const name of subcommandsFor(args)) program.addCommand(await SUBCOMMANDS[name]());
  for (const command of [program, ...program.commands]) {
    command
      .helpOption('-h, --help', 'show this help, with examples')
      .configureHelp({ showGlobalOptions: true, formatItem, visibleOptions, visibleGlobalOptions })
      .configureOutput({ writeErr: () => undefined }) // the caller reports errors, on one line
      .allowExcessArguments() // refused below, with what came
      .exitOverride();
    for (const option of command.options) refuseEmpty(command, option);
  }
  if (args.includes('--json')) printHelpAsEvents(program);
  program.hook('preAction', (_, command) => {
    refuseExcess(command);
  });
  return program;
}

/** Rejects arguments that a command does not take, such as a file whose flag is missing. */
function refuseExcess(command: Command): void {
  const { args, registeredArguments: taken } = command;
  if (args.length <= taken.length || taken.at(-1)?.variadic === true) return;
  const expected = taken.length === 0 ? 'none' : String(taken.length);
  const got = args.map((arg) => JSON.stringify(arg)).join(' ');
  command.error(`too many arguments for '${command.name()}': expected ${expected}, got ${got}`, { code: EXCESS });
}

/** Flags whose value may be an empty text. */
const MAY_BE_EMPTY: readonly (string | undefined)[] = ['--negative', '--preview-negative'];

/** Rejects an empty value, as from `--out "$FOLDER"` with FOLDER unset, before it is used as a name. */
function refuseEmpty(command: Command, option: Option): void {
  if (!option.required || option.parseArg !== undefined || MAY_BE_EMPTY.includes(option.long)) return;
  command.on(`option:${option.name()}`, (value: string | null) => {
    if (value === '') command.error(`option '${option.flags}' argument '' is invalid. Expected ${TEXT.expected}.`);
  });
}
