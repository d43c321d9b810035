import { KD } from '../../base/own-command.js';
import { examplesText } from '../help.js';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import type { OutputOptions } from '../../app/output.js';
import { EXIT } from '../failure.js';

const PROGRAM = fileURLToPath(new URL('../../../scripts/setup.mjs', import.meta.url));

interface SetupFlags {
  readonly device?: string;
  readonly cuda?: string;
  readonly from?: string;
}

/** `kd setup`: what `npm run setup` does in a clone. The setup script parses its own flags and needs no packages. */
export function setupCommand(): Command {
  return new Command('setup')
    .description('install the packages and TensorFlow that kd needs; does nothing if they are there')
    .addOption(new Option('--device <name>', 'TensorFlow for which device: auto, gpu, cpu; remembered'))
    .addOption(new Option('--cuda <source>', "NVIDIA's wheels, or the system's CUDA 12 and cuDNN 9: wheels, system"))
    .addOption(new Option('--from <folder>', 'sets up from a bundle, without a network'))
    .addHelpText('after', () =>
      examplesText([[`${KD} setup`], [`${KD} setup --device cpu`], [`${KD} setup --from kd-bundle`]]),
    )
    .action((flags: SetupFlags, command: Command) => {
      const given = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const quiet = command.optsWithGlobals<OutputOptions>().quiet === true ? ['--quiet'] : [];
      const { status } = spawnSync(process.execPath, [PROGRAM, ...given, ...quiet], { stdio: 'inherit' });
      process.exitCode = status ?? EXIT.bug;
    });
}
