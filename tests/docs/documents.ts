/** @file The documents, and the commands that they show. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** All documents in English, by their paths in the project. */
export const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'data/README.md', ...pagesIn('docs')];

/** Documents in English and the same in Korean. */
export const PAIRS = [['README.md', 'README.ko.md'], ...pagesIn('docs/ko').map((page) => [englishOf(page), page])];

function pagesIn(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md'));
  return names.map((name) => `${folder}/${name}`);
}

function englishOf(page: string): string {
  return page.replace('docs/ko/', 'docs/');
}

export const textOf = (document: string): string => readFileSync(join(ROOT, document), 'utf8');

/** The blocks of a language in a document, without the fences. */
export function blocksOf(document: string, language: string): string[] {
  const found = textOf(document).matchAll(new RegExp(`^ *\`\`\`${language}\\n([^]*?)^ *\`\`\``, 'gm'));
  return [...found].map(([, block]) => block);
}

/** The commands in a document's `sh` blocks, without their comments. */
export function commandsOf(document: string): string[] {
  return blocksOf(document, 'sh')
    .flatMap((block) => block.trim().split('\n'))
    .map((line) => line.replace(/\s+#.*$/, ''));
}

/** The words of a command after `kd`; those in double quotes are one each. */
export function argumentsOf(command: string): string[] {
  const words: string[] = command.match(/"[^"]*"|\S+/g) ?? [];
  return words.slice(words.indexOf('kd') + 1).map((word) => word.replaceAll('"', ''));
}
