import { KD } from '../../base/own-command.js';
import { examplesText } from '../help.js';
import { Command, Option } from 'commander';
import type { OutputOptions } from '../../app/output.js';
import type { SetupFlags } from './action.js';

/** `kd setup`: what `npm run setup` does in a clone. */
export function setupCommand(): Command {
  return new Command('setup')
    .description('install the packages and TensorFlow that kd needs; does nothing if they are there')
    .addOption(new Option('--device <name>', 'TensorFlow for which device; remembered').choices(['auto', 'gpu', 'cpu']))
    .addOption(
      new Option('--cuda <source>', "NVIDIA's wheels, or the system's CUDA 12 and cuDNN 9").choices([
        'wheels',
        'system',
      ]),
    )
    .addOption(new Option('--from <folder>', 'sets up from a bundle, without a network'))
    .addHelpText('after', () =>
      examplesText([[`${KD} setup`], [`${KD} setup --device cpu`], [`${KD} setup --from kd-bundle`]]),
    )
    .action(async (flags: SetupFlags, command: Command) => {
      const { setUp } = await import('./action.js');
      await setUp(flags, command.optsWithGlobals<OutputOptions>());
    });
}
