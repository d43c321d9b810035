/** @file A run's `translations.json`: how close held-out sentences and their translations are. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomic } from '../base/files.js';
import { listOf, number, object, partOf, text } from '../base/json-schema.js';
import { soundJson } from '../base/parse-json.js';
import type { Translations } from './report-data.js';

/** The file's name in a run's folder. */
export const TRANSLATIONS_FILE = 'translations.json';

/** Saves a comparison in a run's folder. */
export async function keepTranslations(run: string, translations: Translations): Promise<void> {
  await writeFileAtomic(join(run, TRANSLATIONS_FILE), JSON.stringify(translations));
}

const TRANSLATIONS = partOf<Translations>(
  object({
    checkpoint: text,
    pooling: text,
    pairs: listOf(object({ ko: text, en: text })),
    similarity: listOf(listOf(v.nullable(number))),
  }),
);

/** The comparison saved in a run's folder; undefined if it is missing or damaged, so that it is made again. */
export async function readTranslations(run: string): Promise<Translations | undefined> {
  const contents = await readFile(join(run, TRANSLATIONS_FILE), 'utf8').catch(() => '');
  const translations = soundJson(TRANSLATIONS, contents);
  if (translations === undefined) return undefined;
  const { checkpoint, pooling, pairs, similarity } = translations;
  const isWhole = similarity.length === pairs.length && similarity.every((row) => row.length === pairs.length);
  return isWhole && pairs.length > 0 ? { checkpoint, pooling, pairs, similarity } : undefined;
}
