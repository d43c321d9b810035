import type { Reporter } from '../src/app/reporter.js';

/**
 * A reporter that adds what it is told to a list: messages as they are, warnings as `warning: …`, events as objects,
 * and progress as its title with a value or `stopped`.
 */
export function reporterTo(said: unknown[]): Reporter {
  return {
    message: (text) => said.push(text),
    warn: (text) => said.push(`warning: ${text}`),
    event: (event) => said.push(event),
    progress: (title) => ({ update: (value) => said.push([title, value]), stop: () => said.push([title, 'stopped']) }),
  };
}

/** A reporter that keeps messages and warnings, each in a list of its own, and nothing else. */
export function keepingReporter(): Reporter & { readonly messages: string[]; readonly warnings: string[] } {
  const [messages, warnings]: [string[], string[]] = [[], []];
  const message = (text: string): unknown => messages.push(text);
  return { ...reporterTo([]), messages, warnings, message, warn: (text) => warnings.push(text) };
}
