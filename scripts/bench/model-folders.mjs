/** Model folders of the published models' size, for runs whose results do not matter. */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJson } from '#dist/models/exported-config.js';
import { clipVitLargePatch14Text, klueRobertaSmall } from '#dist/models/published.js';
import { inProject } from '../kd.mjs';

const CONFIGS = { teacher: clipVitLargePatch14Text(), student: klueRobertaSmall() };

/**
 * Writes `teacher` and `student` into a folder: configurations, and the small tokenizers, whose ids are valid in the
 * large vocabularies, too. There are no weights: use `kd train --random-weights`.
 *
 * @param {string} folder
 */
export function writeModelFolders(folder) {
  for (const [role, config] of Object.entries(CONFIGS)) {
    const tiny = inProject(`data/tiny/${role}`);
    mkdirSync(join(folder, role), { recursive: true });
    writeFileSync(join(folder, role, 'config.json'), JSON.stringify(configJson(config)));
    for (const name of readdirSync(tiny).filter((file) => /token|vocab/.test(file)))
      cpSync(join(tiny, name), join(folder, role, name));
  }
}
