/**
 * @file Draws how kd works, with the teacher, the student and Stable Diffusion, for the top of the READMEs. Text is
 * converted to outlines, so that it looks the same everywhere.
 *
 *   node scripts/pictures/method.mjs   writes docs/method.svg, docs/method-dark.svg and the same in docs/ko/
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { lineWidth, svgLine } from '#dist/diffusion/lettering.js';
import { PALETTES } from '#dist/report/palette.js';
import { inProject } from '../kd.mjs';

/** @import { Palette } from '#dist/report/palette.js' */
/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

const SIZE = { width: 920, height: 494 };

const WORDS = {
  en: {
    title: 'kd: a student learns to give, for English and Korean, what CLIP gives for English',
    training: 'Training',
    drawing: 'Drawing',
    teacher: ['CLIP-L text encoder', 'teacher, frozen'],
    student: ['klue/roberta-small', 'student, learns'],
    trained: ['klue/roberta-small', 'the trained student'],
    states: 'hidden states',
    same: ['made alike:', 'mean squared', 'error'],
    unet: ['Stable Diffusion v1-4', 'UNet, VAE: unchanged'],
  },
  ko: {
    title: 'kd: CLIP이 영어 문장에 주는 출력을, 학생이 영어와 한국어 문장에 똑같이 내도록 배웁니다',
    training: '학습',
    drawing: '그림 그리기',
    teacher: ['CLIP-L 텍스트 인코더', '교사, 고정'],
    student: ['klue/roberta-small', '학생, 학습 중'],
    trained: ['klue/roberta-small', '학습을 마친 학생'],
    states: '은닉 상태',
    same: ['같아지도록:', '평균 제곱', '오차'],
    unet: ['Stable Diffusion v1-4', 'UNet과 VAE는 그대로'],
  },
};

/** The colours of the drawn picture, the same in every theme. */
const PAINT = { sky: '#cfe3f5', road: '#8d939c', car: '#f2c230', glass: '#eaf4fb', wheel: '#2b2f36' };

/**
 * All pictures, by their paths in the project.
 *
 * @returns {Record<string, string>}
 */
export function methodPictures() {
  return {
    'docs/method.svg': draw(WORDS.en, PALETTES.light),
    'docs/method-dark.svg': draw(WORDS.en, PALETTES.dark),
    'docs/ko/method.svg': draw(WORDS.ko, PALETTES.light),
    'docs/ko/method-dark.svg': draw(WORDS.ko, PALETTES.dark),
  };
}

/**
 * @param {typeof WORDS.en} words
 * @param {Palette} palette
 */
function draw(words, palette) {
  const { width, height } = SIZE;
  const rows = { teacher: 92, english: 190, korean: 252, drawing: 428 };
  const parts = [
    `<rect width="${width}" height="${height}" rx="14" fill="${palette.paper}"/>`,
    heading(words.training, 44, palette),
    prompt('a yellow car', 'en', rows.teacher, palette),
    model(words.teacher, { x: 250, y: rows.teacher - 36, width: 230, height: 72 }, palette.soft, palette),
    prompt('a yellow car', 'en', rows.english, palette),
    prompt('노란색 차', 'ko', rows.korean, palette),
    model(words.student, { x: 250, y: rows.english - 36, width: 230, height: 134 }, palette.published, palette),
    ...[rows.teacher, rows.english, rows.korean].flatMap((y, row) => [
      arrow(190, 244, y, palette),
      arrow(480, 534, y, palette),
      states({ x: 540, y: y - 22, width: 126, height: 44 }, row, palette),
    ]),
    label(`77 × 768 ${words.states}`, 603, rows.korean + 42, palette),
    bracket(684, [rows.teacher, rows.english, rows.korean], palette),
    ...words.same.map((line, index) =>
      svgLine(line, { x: 728, y: 166 + 24 * index, size: 18, fill: index === 0 ? palette.ink : palette.soft }),
    ),
    `<path d="M28 326H${width - 28}" stroke="${palette.line}" stroke-width="2"/>`,
    heading(words.drawing, 366, palette),
    prompt('노란색 차', 'ko', rows.drawing, palette),
    arrow(190, 220, rows.drawing, palette),
    model(words.trained, { x: 226, y: rows.drawing - 36, width: 200, height: 72 }, palette.published, palette),
    arrow(426, 454, rows.drawing, palette),
    states({ x: 460, y: rows.drawing - 22, width: 64, height: 44 }, 2, palette),
    arrow(524, 552, rows.drawing, palette),
    model(words.unet, { x: 558, y: rows.drawing - 36, width: 206, height: 72 }, palette.soft, palette),
    arrow(764, 792, rows.drawing, palette),
    car({ x: 798, y: rows.drawing - 47, width: 94, height: 94 }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      'role="img">',
    `<title>${words.title}</title>`,
    ...parts,
    '</svg>\n',
  ]
    .join('\n')
    .replace(/\d+\.\d+/g, (number) => String(Number(Number(number).toFixed(1)))); // tenths of a pixel suffice
}

/**
 * @param {string} text
 * @param {number} y
 * @param {Palette} palette
 */
function heading(text, y, palette) {
  return svgLine(text, { x: 28, y, size: 22, fill: palette.ink });
}

/**
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {Palette} palette
 */
function label(text, x, y, palette) {
  return svgLine(text, { x, y, size: 16, fill: palette.soft, centred: true });
}

/**
 * A prompt in the colour of its language, vertically centred on `y`.
 *
 * @param {string} text
 * @param {'en' | 'ko'} language
 * @param {number} y
 * @param {Palette} palette
 */
function prompt(text, language, y, palette) {
  const size = 20;
  const colour = palette[language];
  return [
    `<rect x="28" y="${y - 22}" width="156" height="44" rx="22" fill="none" stroke="${colour}" stroke-width="2"/>`,
    svgLine(text, { x: 106, y: y + 7, size, fill: colour, centred: true }),
  ].join('\n');
}

/**
 * @param {string[]} lines
 * @param {Box} box
 * @param {string} colour
 * @param {Palette} palette
 */
function model([name = '', role = ''], { x, y, width, height }, colour, palette) {
  const middle = { x: x + width / 2, centred: true };
  const size = Math.min(20, (20 * (width - 16)) / lineWidth(name, 20));
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="10" fill="${colour}" fill-opacity=".12" ` +
      `stroke="${colour}" stroke-width="2"/>`,
    svgLine(name, { ...middle, y: y + height / 2 - 4, size, fill: palette.ink }),
    svgLine(role, { ...middle, y: y + height / 2 + 22, size: 16, fill: palette.soft }),
  ].join('\n');
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} y
 * @param {Palette} palette
 */
function arrow(from, to, y, palette) {
  return (
    `<path d="M${from} ${y}H${to - 2}M${to - 9} ${y - 6}L${to - 1} ${y}L${to - 9} ${y + 6}" fill="none" ` +
    `stroke="${palette.soft}" stroke-width="2"/>`
  );
}

/**
 * Hidden states as a small heat map. The student's, rows 1 and 2, are nearly the teacher's.
 *
 * @param {Box} box
 * @param {number} row
 * @param {Palette} palette
 */
function states({ x, y, width, height }, row, { heat }) {
  const cell = 11;
  const cells = [];
  for (let top = 0; top < Math.round(height / cell); top++)
    for (let left = 0; left < Math.floor(width / cell); left++) {
      const wave = Math.sin(2.1 * left + 4.7 * top) + Math.cos(5.3 * left - 1.9 * top) + 0.12 * row;
      const shade = heat[Math.max(0, Math.min(heat.length - 1, Math.floor(((wave + 2) / 4) * heat.length)))] ?? '';
      const at = `x="${x + (width % cell) / 2 + left * cell}" y="${y + top * cell}"`;
      cells.push(`<rect ${at} width="${cell - 1}" height="${cell - 1}" fill="${shade}"/>`);
    }
  return cells.join('');
}

/**
 * A bracket around the three rows.
 *
 * @param {number} x
 * @param {readonly number[]} rows
 * @param {Palette} palette
 */
function bracket(x, rows, palette) {
  const top = Math.min(...rows);
  const arms = rows.map((y) => `M${x - 8} ${y}H${x + 12}`).join('');
  return (
    `<path d="${arms}M${x + 12} ${top}V${Math.max(...rows)}M${x + 12} 172H${x + 30}" fill="none" ` +
    `stroke="${palette.ink}" stroke-width="2"/>`
  );
}

/**
 * The resulting picture.
 *
 * @param {Box} box
 */
function car({ x, y, width, height }) {
  return [
    `<svg x="${x}" y="${y}" width="${width}" height="${height}" viewBox="0 0 94 94">`,
    `<rect width="94" height="94" rx="8" fill="${PAINT.sky}"/>`,
    `<path d="M0 66H94V86a8 8 0 0 1-8 8H8a8 8 0 0 1-8-8Z" fill="${PAINT.road}"/>`,
    `<path d="M10 66V54q0-6 7-7l10-2 9-12q2-3 6-3h16q5 0 8 4l9 12 7 2q5 1 5 6v12Z" fill="${PAINT.car}"/>`,
    `<path d="M33 45l7-9q1-1 3-1h4v10ZM51 35h6q3 0 5 2l6 8H51Z" fill="${PAINT.glass}"/>`,
    ...[29, 67].map((at) => `<circle cx="${at}" cy="67" r="9" fill="${PAINT.wheel}"/>`),
    '</svg>',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, svg] of Object.entries(methodPictures())) {
    mkdirSync(dirname(inProject(path)), { recursive: true });
    writeFileSync(inProject(path), svg);
  }
}
