/** @file The columns of a grid: which encoders it compares, and on which texts. */
import { meanSquaredError } from '../../diffusion/embeddings.js';
import type { Embedding } from '../../diffusion/tensors.js';
import { openPretrained, openRandom, projectedTo, randomModel } from '../../models/pretrained.js';
import { readRunConfig } from '../../runs/run-config.js';
import type { Reporter } from '../reporter.js';
import { fetchModel } from '../fetch-model.js';
import { initialisationOf } from '../initialisation.js';
import { openEncoder, type OpenEncoder } from '../open-encoder.js';
import type { GenerateOptions } from './options.js';
import type { PromptPair } from './prompts.js';
import { embed, type DrawingEncoder } from './prompt-embeddings.js';

/** An encoder and the language of the texts it is given. */
export interface Column {
  readonly title: string;
  readonly subtitle: string;
  readonly encoder: DrawingEncoder;
  readonly language: keyof PromptPair;
}

/** A row's text as embedded for a column, and its mean squared error to the first column. */
export interface EmbeddedCell {
  readonly prompt: Embedding;
  readonly negative: Embedding;
  readonly error: number;
}

const SUBTITLES = { ko: 'on Korean', en: 'on English' } as const;

/** The requested columns. The others are measured against the first. */
export async function columnsOf(options: GenerateOptions, reporter: Reporter): Promise<readonly Column[]> {
  const column = (encoder: DrawingEncoder, language: keyof PromptPair, title = encoder.label): Column => ({
    title,
    subtitle: SUBTITLES[language],
    encoder,
    language,
  });
  if (options.compareCheckpoints !== undefined) {
    const encoders: OpenEncoder[] = [];
    for (const name of options.compareCheckpoints)
      encoders.push(await openEncoder({ name, flag: '--compare-checkpoints' }, reporter));
    if (options.compare === undefined) return encoders.map((encoder) => ({ ...column(encoder, 'ko'), subtitle: '' }));
    const teacher = await openTeacher(options, encoders[0]!, reporter);
    return [column(teacher, 'en'), ...encoders.flatMap((encoder) => [column(encoder, 'en'), column(encoder, 'ko')])];
  }
  const student = await openEncoder({ name: options.encoder, flag: '--encoder' }, reporter);
  const teacher = await openTeacher(options, student, reporter);
  return [
    column(teacher, 'en', 'CLIP'),
    column(student, 'en', 'student'),
    column(student, 'ko', 'student'),
    column(teacher, 'ko', 'CLIP'),
    column(await untrained(student, reporter), 'ko', 'untrained student'),
  ];
}

async function openTeacher(
  { teacher }: GenerateOptions,
  { run }: OpenEncoder,
  reporter: Reporter,
): Promise<DrawingEncoder> {
  const start = teacher === 'clip' && run !== undefined ? await initialisationOf(run) : {};
  const opened = await openEncoder({ ...start, name: teacher, flag: '--teacher', run }, reporter);
  return { ...opened, isRandom: start.randomWeights ?? false, seed: start.seed ?? 0 };
}

/**
 * The student before training: as its run initialised it, including its projection to the teacher's width, if any; with
 * random weights if there is no run.
 */
async function untrained(student: OpenEncoder, reporter: Reporter): Promise<DrawingEncoder> {
  const label = `${student.label}, untrained`;
  const { encoder } = student.model;
  if (student.run === undefined)
    return { ...student, label, isRandom: true, model: projectedTo(encoder.width, randomModel(encoder.config, 0)) };
  const { source } = (await readRunConfig(student.run)).student;
  const { seed = 0, randomWeights: isRandom = false } = await initialisationOf(student.run);
  const folder = await fetchModel(source, '--encoder', reporter, isRandom ? ['config'] : ['config', 'weights']);
  const model = isRandom ? await openRandom(folder, seed) : await openPretrained(folder, seed);
  return { ...student, label, source, folder, isRandom, seed, model: projectedTo(encoder.width, model, seed) };
}

/** Embeds each row's text for each column, one encoder at a time. `[rows][columns]` */
export async function embedCells(
  columns: readonly Column[],
  rows: readonly PromptPair[],
  options: GenerateOptions,
  reporter: Reporter,
): Promise<EmbeddedCell[][]> {
  const embeddings = new Map<DrawingEncoder, Map<string, Embedding>>();
  for (const encoder of new Set(columns.map((column) => column.encoder))) {
    const languages = columns.filter((column) => column.encoder === encoder).map(({ language }) => language);
    const texts = [
      ...new Set([options.negative, ...languages.flatMap((language) => rows.map((row) => row[language]))]),
    ];
    const values = await embed(texts, encoder, options, reporter);
    embeddings.set(encoder, new Map(texts.map((text, i) => [text, values[i]!])));
  }
  const embedding = ({ encoder }: Column, text: string): Embedding => embeddings.get(encoder)!.get(text)!;
  return rows.map((row) => {
    const reference = embedding(columns[0]!, row[columns[0]!.language]);
    return columns.map((column) => {
      const prompt = embedding(column, row[column.language]);
      return {
        prompt,
        negative: embedding(column, options.negative),
        error: prompt.length === reference.length ? meanSquaredError(prompt, reference) : NaN,
      };
    });
  });
}
