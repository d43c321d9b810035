/** The models used for measurements. */
import { readConfig } from '#dist/models/config.js';
import { clipVitLargePatch14Text, klueRobertaSmall } from '#dist/models/published.js';
import { inProject } from '../kd.mjs';

/** @import { TextModelConfig } from '#dist/models/config.js' */
/** @typedef {{ teacher: TextModelConfig, student: TextModelConfig }} Configs */

/** By name: the published models, and the tiny ones of the project. */
export const MODELS = ['full', 'tiny'];

/**
 * Configurations of teacher and student.
 *
 * @param {string} models
 * @returns {Promise<Configs>}
 */
export async function modelConfigs(models) {
  if (models === 'full') return { teacher: clipVitLargePatch14Text(), student: klueRobertaSmall() };
  /** @param {'teacher' | 'student'} role */
  const tiny = async (role) => (await readConfig(inProject(`data/tiny/${role}`))).config;
  return { teacher: await tiny('teacher'), student: await tiny('student') };
}
