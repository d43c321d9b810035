import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command } from 'commander';
import { MAX_LENGTH } from '../../text/max-length.js';
import { openOutput, type OutputOptions } from '../../app/output.js';
import { backendOption, deviceOption, encodingBatchOption, precisionOption } from '../flags.js';
import type { EncodeFlags } from './action.js';

const EXAMPLES: readonly Example[] = [
  [`${KD} encode --model first:300 --input texts.txt --output texts.safetensors`],
  [`echo "노란색 차" | ${KD} encode --model klue/roberta-small --input - --output car.safetensors`],
];

/** `kd encode` */
export function encodeCommand(): Command {
  return new Command('encode')
    .description('encode texts, one per line, into hidden states, pooled outputs and ids')
    .requiredOption(
      '--model <name>',
      "roberta (the newest run's best checkpoint), clip, a run, run:step, a folder, or a hub id",
    )
    .option('--tokenizer <id|folder>', 'its tokenizer, if it is elsewhere')
    .requiredOption('--input <texts.txt|->', 'a UTF-8 file with one text per line; - for standard input')
    .requiredOption(
      '--output <file.safetensors>',
      `last_hidden_state [N, ${MAX_LENGTH}, D], pooler_output [N, D], input_ids [N, ${MAX_LENGTH}]; an earlier ` +
        'output is replaced',
    )
    .option('--attention-mask', 'attend to the tokens of a text only, not to its padding')
    .addOption(encodingBatchOption())
    .addOption(precisionOption())
    .addOption(backendOption())
    .addOption(deviceOption())
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async (flags: EncodeFlags, command: Command) => {
      const { encode } = await import('./action.js');
      await encode(flags, openOutput(command.optsWithGlobals<OutputOptions>()));
    });
}
