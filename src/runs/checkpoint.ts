/**
 * @file A checkpoint: `step-00012345/`, a whole model folder as `transformers` reads it, plus `trainer.json` (where
 * the run stood) and `manifest.json` (size and SHA-256 of every other file).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedValues } from '../distill/engine.js';
import { syncFolder, writeFileAtomic } from '../files.js';
import { writeModelFolder } from '../models/model-folder.js';
import { pointAt, pointedAt } from './run-folder.js';

/** What goes into a checkpoint. */
export interface CheckpointContents {
  readonly step: number;
  readonly parameters: AsyncIterable<NamedValues>;
  /** Names and shapes of all parameters, known before their values. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** The text of the model's `config.json`. */
  readonly config: string;
  /** Files to copy beside it: the tokenizer's. */
  readonly files: readonly string[];
  /** The contents of `trainer.json`. */
  readonly trainer: object;
}

const TEMPORARY = '.tmp-';

/** The names of checkpoints' folders. */
export const CHECKPOINT = /^step-\d{8,}$/;

/** `step-00012345` */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(8, '0')}`;
}

/**
 * Writes a checkpoint beside the run's others and points `last`, and if asked `best`, at it. Until its folder is
 * complete and on disk it has another name, so that a folder called `step-…` is always whole.
 *
 * @returns the checkpoint's name
 */
export async function writeCheckpoint(run: string, contents: CheckpointContents, isBest: boolean): Promise<string> {
  const name = checkpointName(contents.step);
  const folder = join(run, `${TEMPORARY}${name}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await writeModelFolder(folder, { ...contents, parameters: named(contents.parameters) });
  await writeFileAtomic(join(folder, 'trainer.json'), `${JSON.stringify(contents.trainer, null, 2)}\n`);
  await writeManifest(folder);

  await rm(join(run, name), { recursive: true, force: true }); // the same step saved twice: the newer counts
  await rename(folder, join(run, name));
  await syncFolder(run);
  await pointAt(run, 'last', name);
  if (isBest) await pointAt(run, 'best', name);
  return name;
}

/** Removes the oldest checkpoints of a run but for the newest `keep` and the best. */
export async function pruneCheckpoints(run: string, keep: number): Promise<void> {
  const best = await pointedAt(run, 'best');
  const names = (await readdir(run)).filter((name) => CHECKPOINT.test(name));
  const stepOf = (name: string): number => Number(name.slice('step-'.length));
  const old = names.sort((a, b) => stepOf(b) - stepOf(a)).slice(keep).filter((name) => name !== best);
  for (const name of old) await rm(join(run, name), { recursive: true, force: true });
}

async function* named(parameters: AsyncIterable<NamedValues>): AsyncGenerator<readonly [name: string, values: Float32Array]> {
  for await (const { name, values } of parameters) yield [name, values];
}

async function writeManifest(folder: string): Promise<void> {
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    files[name] = { bytes: (await stat(path)).size, sha256: await sha256Of(path) };
  }
  await writeFileAtomic(join(folder, 'manifest.json'), `${JSON.stringify({ files }, null, 2)}\n`);
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
