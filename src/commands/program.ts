import { TEXT } from '../base/kinds.js';
import { KD } from '../base/own-command.js';
import { examplesText, formatItem } from './help.js';
import { Command, type Option } from 'commander';
import { VERSION } from '../base/version.js';

/** The subcommands in the order of the help. Each is loaded when it is asked for: all of them take half a second. */
const SUBCOMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
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

/** The names of the subcommands that arguments need: the one that they name, none for the version, else all. */
export function subcommandsFor(args: readonly string[]): string[] {
  const first = args.find((arg) => !['--quiet', '--json'].includes(arg));
  if (first === '-V' || first === '--version') return [];
  return first !== undefined && Object.hasOwn(SUBCOMMANDS, first) ? [first] : Object.keys(SUBCOMMANDS);
}

/**
 * `kd` with the subcommands that arguments need. Nothing in it ends the process: what goes wrong is thrown.
 *
 * @param args the arguments that it will parse; none for all subcommands
 */
export async function createProgram(args: readonly string[] = []): Promise<Command> {
  const program = new Command(KD)
    .description("Teaches a small Korean and English text encoder to speak CLIP-L's language.")
    .version(VERSION, '-V, --version', 'print the version')
    .option('--quiet', 'print results and errors only')
    .option('--json', 'print one JSON object per line on standard output, and nothing else')
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      () => `${examplesText([[`${KD} train --epochs 10 --samples 1000000`]])}\n\n\`${KD} <command> --help\` says more.`,
    );
  for (const name of subcommandsFor(args)) program.addCommand(await SUBCOMMANDS[name]!());
  for (const command of [program, ...program.commands]) {
    command
      .helpOption('-h, --help', 'show what it does, with an example')
      .configureHelp({ showGlobalOptions: true, formatItem })
      .configureOutput({ writeErr: () => undefined }) // whoever runs it says it, on one line
      .exitOverride();
    for (const option of command.options) refuseEmpty(command, option);
  }
  return program;
}

/** Flags whose value is a text that may be empty. */
const MAY_BE_EMPTY: readonly (string | undefined)[] = ['--negative', '--preview-negative'];

/** Refuses an empty value of a flag, as of `--out "$FOLDER"` where that is not set, before it is taken for a name. */
function refuseEmpty(command: Command, option: Option): void {
  if (!option.required || option.parseArg !== undefined || MAY_BE_EMPTY.includes(option.long)) return;
  command.on(`option:${option.name()}`, (value: string | null) => {
    if (value === '') command.error(`option '${option.flags}' argument '' is invalid. Expected ${TEXT.expected}.`);
  });
}
