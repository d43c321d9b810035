/**
 * @file The loss curves as a picture that needs neither a browser nor fonts, since its text is converted to outlines.
 */
import { join } from 'node:path';
import { init } from 'echarts/dist/echarts.esm.min'; // a single file: loading hundreds takes half a second
import sharp from 'sharp';
import { lineWidth, svgLine, wrap } from '../diffusion/lettering.js';
import { writeFileAtomic } from '../base/files.js';
import { formatCount } from '../base/format.js';
import { curveChartOption } from './curve-chart.js';
import type { Line } from './curve-series.js';
import { lastStep, meanLine, trainingLine, validationLine } from './loss-lines.js';
import { PALETTES, type Palette } from './palette.js';
import type { ReportData, RunFacts } from './report-data.js';
import { LOSS_PICTURES } from './report-files.js';
import { Series } from './series.js';
import { isSteep, lossesOf } from './validations.js';

const SIZE = { width: 1000, height: 560, head: 76, margin: 20 } as const;

/** PNG pixels per SVG pixel. */
const SCALE = 2;

/** The font size of the run's name; a name that is too long is cut. */
const NAME_SIZE = 18;

const LEGEND = { size: 13, swatch: 22, gap: 26 } as const;

/** The losses drawn, and their languages. */
const CURVES = [
  ['loss_en', { colour: 'en', name: 'English' }],
  ['loss_ko', { colour: 'ko', name: 'Korean' }],
] as const;

/** Draws a run's training and validation losses for English and Korean. */
function lossSvg(report: ReportData): string {
  const palette = PALETTES.light;
  const { width, height, head, margin } = SIZE;
  const { lines, last } = linesOf(report, palette);
  const start = margin + 50; // the left end of the chart's axis
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" ` +
      `height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" fill="${palette.paper}"/>`,
    ...heading(report.run, start, palette),
    ...legend(lines, start, 60, palette.ink),
    `<g transform="translate(${margin} ${head})">${chartSvg(lines, last, report.validation, palette)}</g>`,
    '</svg>',
    '',
  ].join('\n');
}

/** The lines of a run's losses, and the last step that they reach. */
function linesOf(
  { run, training, validation }: ReportData,
  palette: Palette,
): { readonly lines: readonly Line[]; readonly last: number } {
  const points = Series.from(training).points();
  const last = lastStep(points, validation);
  const lines = CURVES.flatMap(([curve, language]): Line[] => {
    const colour = palette[language.colour];
    return [
      trainingLine(points, curve, { name: `${language.name}, training`, colour }),
      validationLine(validation, curve, { name: `${language.name}, validation`, colour }),
    ];
  });
  if (run.meanBaseline !== null)
    lines.push(
      meanLine(run.meanBaseline, 'loss_en', last, { name: 'predicting the teacher’s mean', colour: palette.soft }),
    );
  return { lines, last };
}

/** The chart itself, with its text as outlines. */
function chartSvg(
  lines: readonly Line[],
  last: number,
  validation: ReportData['validation'],
  palette: Palette,
): string {
  const [width, height] = [SIZE.width - 2 * SIZE.margin, SIZE.height - SIZE.head - SIZE.margin];
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption(
    curveChartOption({
      lines,
      palette,
      log: isSteep(lossesOf(validation)),
      x: 'step',
      y: 'mean squared error',
      height,
      range: [0, last],
      endLabels: true,
      font: 'sans-serif',
    }),
  );
  const drawn = outlined(chart.renderToSVGString());
  chart.dispose();
  return drawn;
}

/** The run's name, shortened to fit, and beside it which pairs were validated on, if not all. */
function heading(run: RunFacts, start: number, palette: Palette): string[] {
  const sample = sampleText(run);
  const taken = sample === undefined ? 0 : LEGEND.gap + lineWidth(sample, LEGEND.size);
  const [name] = wrap(run.name, NAME_SIZE, SIZE.width - SIZE.margin - start - taken, 1);
  const title = svgLine(name!, { x: start, y: 34, size: NAME_SIZE, fill: palette.ink });
  if (sample === undefined) return [title];
  const x = start + lineWidth(name!, NAME_SIZE) + LEGEND.gap;
  return [title, svgLine(sample, { x, y: 34, size: LEGEND.size, fill: palette.soft })];
}

/** Which pairs were validated on, if not all held-out pairs. */
function sampleText({ validationSample, baselineSample, validationPairs }: RunFacts): string | undefined {
  const sizes = [
    ...(validationSample === null ? [] : [`validated on a sample of ${formatCount(validationSample)}`]),
    ...(baselineSample === null ? [] : [`step 0 on ${formatCount(baselineSample)}`]),
  ];
  return sizes.length === 0 ? undefined : `${sizes.join(', ')} of ${formatCount(validationPairs)} pairs`;
}

/** Writes the picture into a run's folder, as SVG and as PNG. */
export async function writeLossPictures(run: string, report: ReportData): Promise<void> {
  const svg = lossSvg(report);
  await writeFileAtomic(join(run, LOSS_PICTURES.svg), svg);
  await writeFileAtomic(
    join(run, LOSS_PICTURES.png),
    await sharp(Buffer.from(svg), { density: 72 * SCALE })
      .png()
      .toBuffer(),
  );
}

/** A row with a swatch and a name for every line. */
function legend(lines: readonly Line[], left: number, baseline: number, ink: string): string[] {
  const { size, swatch, gap } = LEGEND;
  let x = left;
  return lines.map(({ name, colour, style }) => {
    const y = baseline - size / 3;
    const line =
      `<path d="M${x} ${y}h${swatch}" stroke="${colour}" stroke-width="${style === 'curve' ? 1.5 : 2}" ` +
      `opacity="${style === 'curve' ? 0.8 : 1}"${style === 'dashes' ? ' stroke-dasharray="5 4"' : ''}/>`;
    const mark =
      style === 'marks'
        ? `<circle cx="${x + swatch / 2}" cy="${y}" r="3.5" fill="#fff" stroke="${colour}" stroke-width="2"/>`
        : '';
    const text = svgLine(name, { x: x + swatch + 8, y: baseline, size, fill: ink });
    x += swatch + 8 + lineWidth(name, size) + gap;
    return line + mark + text;
  });
}

/** From the vertical middle of digits, where ECharts anchors text, to their baseline, as a share of the font size. */
const MIDDLE_TO_BASELINE = 0.36;

/** ECharts' SVG with its text converted to outlines. */
function outlined(svg: string): string {
  return svg.replace(/<text([^>]*)>([^<]*)<\/text>/g, (_, attributes: string, text: string) => {
    const read = (pattern: RegExp, otherwise: string): string => pattern.exec(attributes)?.[1] ?? otherwise;
    const size = Number(read(/font-size:([\d.]+)px/, '12'));
    const [x, y] = read(/transform="translate\(([^)]*)\)"/, '0 0')
      .split(/[ ,]+/)
      .map(Number);
    const anchor = read(/text-anchor="(\w+)"/, 'start');
    const left =
      x! +
      Number(read(/ x="([^"]*)"/, '0')) -
      (anchor === 'end' ? 1 : anchor === 'middle' ? 0.5 : 0) * lineWidth(text, size);
    return svgLine(text, {
      x: left,
      y: y! + Number(read(/ y="([^"]*)"/, '0')) + size * MIDDLE_TO_BASELINE,
      size,
      fill: read(/fill="([^"]*)"/, '#000'),
    });
  });
}
