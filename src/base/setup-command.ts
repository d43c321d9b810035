import { KD } from './own-command.js';
import { existsSync } from 'node:fs';

/** A clone contains the sources; an installed kd comes compiled and is set up by its own command. */
const IS_CLONE = existsSync(new URL('../../src', import.meta.url));

/** What the user types to set up kd: `npm run setup` in a clone, `kd setup` or `npx kd setup` if it is installed. */
export function setupCommand(...flags: string[]): string {
  const command = IS_CLONE ? ['npm run setup', ...(flags.length === 0 ? [] : ['--'])] : [`${KD} setup`];
  return `\`${[...command, ...flags].join(' ')}\``;
}
