/** @file The README of an export, a model card for the hub: what the model is, how it was made, how to use it. */
import { countParameters } from '../models/text-encoder.js';
import { isProjection } from '../models/projection.js';
import { MAX_LENGTH } from '../text/max-length.js';
import { formatCount } from '../base/format.js';
import { codeSpan, escapeMarkdown } from '../base/markdown.js';
import { VERSION } from '../base/version.js';
import type { Format } from './format.js';
import { usageOf } from './model-card-usage.js';
import type { TrainingRecord } from './training-record.js';
import type { CardModel, CardContents } from './card-contents.js';

const LIBRARIES: Readonly<Record<Format, string>> = {
  transformers: 'transformers',
  diffusers: 'diffusers',
  onnx: 'transformers.js',
};

/** The text of a model card. */
export function modelCard(contents: CardContents): string {
  const sections = [
    frontMatter(contents),
    `# ${escapeMarkdown(contents.name)}`,
    summary(contents),
    usageOf(contents),
    ...trainingSections(contents),
    provenance(contents),
  ];
  return `${sections.join('\n\n')}\n`;
}

function frontMatter({ format, student, teacher }: CardContents): string {
  const bases = [student, teacher].flatMap((model) => hubIdOf(model) ?? []);
  const lines = [
    'language: [ko, en]',
    `library_name: ${LIBRARIES[format]}`,
    'pipeline_tag: feature-extraction',
    ...(bases.length === 0 ? [] : ['base_model:', ...[...new Set(bases)].map((id) => `- ${JSON.stringify(id)}`)]),
    'tags: [text-encoder, knowledge-distillation, clip, stable-diffusion]',
  ];
  return ['---', ...lines, '---'].join('\n');
}

/** `owner/name`, if the model came from the hub. */
const hubIdOf = (model: CardModel | undefined): string | undefined =>
  model !== undefined && 'hub' in model.origin ? model.origin.hub : undefined;

function summary({ encoder, architecture, teacher }: CardContents): string {
  const { config, width, shapes } = encoder;
  const what =
    teacher === undefined
      ? 'A text encoder, exported as it was: kd has no record of its training.'
      : 'A text encoder for Korean and English, taught to give for a sentence in either language the embedding ' +
        `that ${shown(teacher)} gives for the English one (the method of arXiv 2004.09813).`;
  const rows: [string, string][] = [
    ['architecture', `\`${architecture}\`, ${config.numHiddenLayers} layers, ${config.numAttentionHeads} heads`],
    ['parameters', formatCount(countParameters(shapes))],
    ['width', Object.keys(shapes).some(isProjection) ? `${config.hiddenSize}, projected to ${width}` : String(width)],
    [
      'input',
      `token ids, padded and cut to ${MAX_LENGTH}; **no attention mask**: padding is attended to, as in training`,
    ],
    ['output', `\`last_hidden_state\` [N, ${MAX_LENGTH}, ${width}], \`pooler_output\` [N, ${width}]; float32`],
  ];
  return `${what}\n\n${table(['', ''], rows)}`;
}

function trainingSections({ training }: CardContents): string[] {
  if (training === undefined) return [];
  return [data(training), settings(training), losses(training)];
}

function data({
  config: {
    data: { training_pairs: trained, validation_pairs: validated, fingerprint },
    settings: { data: sources },
  },
}: TrainingRecord): string {
  const from = Array.isArray(sources) ? sources.map((path) => codeSpan(String(path))).join(', ') : 'not recorded';
  return (
    `## Data\n\n${formatCount(trained)} pairs of a Korean and an English sentence to train on, ` +
    `${formatCount(validated)} others to validate on; from ${from}. Fingerprint: ${codeSpan(fingerprint)}.`
  );
}

function settings({ run, step, config }: TrainingRecord): string {
  const rows = Object.entries(config.settings)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]): [string, string] => [escapeMarkdown(name), codeSpan(String(value))]);
  const which = step === undefined ? '' : `, checkpoint of step ${formatCount(step)}`;
  return (
    `## Training\n\nRun ${codeSpan(run)}, started ${escapeMarkdown(config.created)}${which}.\n\n` +
    table(['setting', 'value'], rows)
  );
}

function losses({ validations, step, config }: TrainingRecord): string {
  if (validations.length === 0) return '## Losses\n\nNothing was validated in this run.';
  const rows = validations.map((line) => [
    line.step === step ? `**${formatCount(line.step)}**` : formatCount(line.step),
    String(line.epoch),
    line.loss.toFixed(4),
    line.loss_en.toFixed(4),
    line.loss_ko.toFixed(4),
    line.pairs > 0 ? formatCount(line.pairs) : '', // earlier versions did not write it
  ]);
  const of = config.settings.loss === 'pooler' ? 'pooled outputs' : 'hidden states';
  return (
    `## Losses\n\nMean squared errors of ${of} on the validation pairs; step 0 is the untrained student, the ` +
    `exported step in bold.\n\n${table(['step', 'epoch', 'loss', 'English', 'Korean', 'pairs'], rows)}`
  );
}

function provenance({ exported, student, teacher }: CardContents): string {
  const origin =
    student === undefined || teacher === undefined
      ? `Exported from ${shown(exported)}.`
      : `The weights started as those of ${shown(student)} and learnt from outputs of ${shown(teacher)} on the ` +
        'data above.';
  return (
    `## Provenance and licence\n\n${origin} kd grants no rights to them and records none: the licences of ` +
    'these models, and the terms under which the data was given, hold for the weights as well. Exported by kd ' +
    `${VERSION}; \`kd-export.json\` says what was compared.`
  );
}

/** A hub model as a link, a folder as its path. */
const shown = (model: CardModel): string => {
  const id = hubIdOf(model);
  return id === undefined ? codeSpan(model.source) : `[${escapeMarkdown(model.source)}](https://huggingface.co/${id})`;
};

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
