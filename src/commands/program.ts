import { TEXT } from '../base/kinds.js';
import { KD } from '../base/own-command.js';
import { examplesText, formatItem } from './help.js';
import { Command, type Option } from 'commander';
import { VERSION } from '../base/version.js';
import { doctorCommand } from './doctor/index.js';
import { encodeCommand } from './encode/index.js';
import { evalCommand } from './eval/index.js';
import { exportCommand } from './export/index.js';
import { generateCommand } from './generate/index.js';
import { prepareCommand } from './prepare/index.js';
import { reportCommand } from './report/index.js';
import { runsCommand } from './runs/index.js';
import { setupCommand } from './setup/index.js';
import { trainCommand } from './train/index.js';

/** `kd` with all its subcommands. Nothing in it ends the process: what goes wrong is thrown. */
export function createProgram(): Command {
  const program = new Command(KD)
    .description("Teaches a small Korean and English text encoder to speak CLIP-L's language.")
    .version(VERSION, '-V, --version', 'print the version')
    .option('--quiet', 'print results and errors only')
    .option('--json', 'print one JSON object per line on standard output, and nothing else')
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      () => `${examplesText([[`${KD} train --epochs 10 --samples 1000000`]])}\n\n\`${KD} <command> --help\` says more.`,
    )
    .addCommand(prepareCommand())
    .addCommand(trainCommand())
    .addCommand(evalCommand())
    .addCommand(encodeCommand())
    .addCommand(exportCommand())
    .addCommand(generateCommand())
    .addCommand(runsCommand())
    .addCommand(reportCommand())
    .addCommand(doctorCommand())
    .addCommand(setupCommand());
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
