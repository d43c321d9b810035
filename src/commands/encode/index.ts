import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command } from 'commander';
import type { PrecisionChoice } from '../../engine/engine-options.js';
import type { DeviceChoice } from '../../tensorflow/gpu-choice.js';
import type { BackendChoice } from '../../tensorflow/backend-choice.js';
import { MAX_LENGTH } from '../../text/max-length.js';
import { openOutput, type Output, type OutputOptions } from '../../app/output.js';
import { backendOption, deviceOption, encodingBatchOption, precisionOption } from '../flags.js';
import { formatCount, formatCounted } from '../../base/format.js';
import { checkOutputFile } from './output-file.js';
import { encodeTextsToFile } from '../../app/encoding/encode-texts.js';
import { readTexts } from '../../app/encoding/texts.js';

interface EncodeFlags {
  readonly model: string;
  readonly tokenizer?: string;
  readonly input: string;
  readonly output: string;
  readonly attentionMask?: boolean;
  readonly batchSize?: number;
  readonly precision: PrecisionChoice;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

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
    .action(async (flags: EncodeFlags, command: Command) =>
      encode(flags, openOutput(command.optsWithGlobals<OutputOptions>())),
    );
}

async function encode(flags: EncodeFlags, output: Output): Promise<void> {
  await checkOutputFile(flags.output);
  const texts = await readTexts(flags.input);
  const { shape, cut } = await encodeTextsToFile({ ...flags, texts }, flags.output, output);
  if (cut > 0) output.warn(`${formatCount(cut)} of ${formatCounted(texts.length, 'text')} cut to ${MAX_LENGTH} tokens`);
  output.result(`${flags.output}: ${formatCounted(texts.length, 'text')}, last_hidden_state [${shape.join(', ')}]`, {
    event: 'done',
    output: flags.output,
    texts: texts.length,
    cut,
    last_hidden_state: shape,
  });
}
