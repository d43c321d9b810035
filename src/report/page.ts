/** @file A page as a single, self-contained HTML file. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PageData } from './pages.js';

/** The bundle of `browser/` made by set-up: one script, one style sheet. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

const ASSETS = fileURLToPath(new URL('../../dist/report/', import.meta.url));

/** Reads the page's script and style sheet. */
export async function readPageAssets(): Promise<PageAssets> {
  const read = (name: string): Promise<string> => readFile(`${ASSETS}${name}`, 'utf8');
  return { script: await read('browser.js'), style: await read('browser.css') };
}

/**
 * The page's content security policy: run its own script, load nothing else, and poll its own server if it has one.
 * Inline styles are allowed, as ECharts sets them.
 */
export function contentPolicy({ script }: PageAssets, { live }: Pick<PageData, 'live'>): string {
  const hash = createHash('sha256').update(inScript(script)).digest('base64');
  return (
    `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data:; connect-src ` +
    `${live ? "'self'" : "'none'"}; base-uri 'none'; form-action 'none'`
  );
}

/** A page's title until its script sets one; `kd eval` also recognises its own files by it. */
const TITLES: Readonly<Record<PageData['kind'], string>> = {
  run: 'kd',
  comparison: 'kd',
  runs: 'kd',
  preparation: 'Prepared pairs',
  evaluation: 'Evaluation',
};

/** What the page shows without JavaScript. */
const WITHOUT_SCRIPT = {
  en: 'This page draws its charts with JavaScript. A run’s numbers are in its loss.csv and validation.csv.',
  ko: '이 페이지는 JavaScript로 차트를 그립니다. 학습의 숫자는 loss.csv와 validation.csv에 있습니다.',
} as const;

/** The page with its data embedded. */
export function reportPage(report: PageData, assets: PageAssets): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${contentPolicy(assets, report)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${TITLES[report.kind]}</title>`,
    `<link rel="icon" href="data:,">`,
    `<style>${assets.style.replaceAll('</', '<\\/')}</style>`,
    '</head>',
    '<body>',
    '<div id="page"></div>',
    `<noscript><p>${WITHOUT_SCRIPT.en}</p><p lang="ko">${WITHOUT_SCRIPT.ko}</p></noscript>`,
    `<script type="application/json" id="report">${embedded(report)}</script>`,
    `<script>${inScript(assets.script)}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** JSON for a script element, escaped so that no text in it can end the element or contain a line separator. */
export function embedded(value: unknown): string {
  const escapes: Record<string, string> = {
    '<': '\\u003c',
    '>': '\\u003e',
    '&': '\\u0026',
    '\u2028': '\\u2028',
    '\u2029': '\\u2029',
  };
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (sign) => escapes[sign]!);
}

/** A script, escaped for a script element. */
function inScript(script: string): string {
  return script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
}
