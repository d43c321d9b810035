/** @file A page as one HTML file that needs nothing else. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PageData } from './pages.js';

/** What set-up has bundled of `browser/`: one script, one style sheet. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

const ASSETS = fileURLToPath(new URL('../../dist/report/', import.meta.url));

/** Reads what the page runs and looks like. */
export async function readPageAssets(): Promise<PageAssets> {
  const read = (name: string): Promise<string> => readFile(`${ASSETS}${name}`, 'utf8');
  return { script: await read('browser.js'), style: await read('browser.css') };
}

/**
 * What the page may do: run its own script, and nothing from anywhere else; ask its own server for news where it has
 * one. ECharts sets styles on elements.
 */
export function contentPolicy({ script }: PageAssets, { live }: Pick<PageData, 'live'>): string {
  const hash = createHash('sha256').update(inScript(script)).digest('base64');
  return (
    `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data:; connect-src ` +
    `${live ? "'self'" : "'none'"}; base-uri 'none'; form-action 'none'`
  );
}

/** What a page is called until its script has named it; `kd eval` knows its own files by it. */
const TITLES: Readonly<Record<PageData['kind'], string>> = {
  run: 'kd',
  comparison: 'kd',
  runs: 'kd',
  preparation: 'Prepared pairs',
  evaluation: 'Evaluation',
};

/** What stands in the page where JavaScript is off. */
const WITHOUT_SCRIPT = {
  en: 'This page draws its charts with JavaScript. A run’s numbers are in its loss.csv and validation.csv.',
  ko: '이 페이지는 JavaScript로 차트를 그립니다. 학습의 숫자는 loss.csv와 validation.csv에 있습니다.',
} as const;

/** The page with its data in it. */
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

/** JSON that can stand in a script element: no tag in a text can end the element, and no line separator a line. */
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

/** A script that can stand in a script element. */
function inScript(script: string): string {
  return script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
}
