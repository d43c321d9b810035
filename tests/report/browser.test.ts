import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readEvaluations } from '../../src/evaluate/evaluation-file.js';
import { readPageAssets, reportPage, type PageAssets } from '../../src/report/page.js';
import { followRun } from '../../src/report/run-follower.js';
import { serveSite, siteOfRun, type ReportServer } from '../../src/report/server.js';
import { siteOfRuns } from '../../src/report/sites.js';
import { TRANSLATIONS_FILE } from '../../src/report/translations-file.js';
import { PREPARE_DEFAULTS } from '../../src/data/prepare/settings.js';
import { evaluationPage, preparationPage } from '../../src/report/write-results.js';
import { keepBaselines } from '../../src/runs/baselines-file.js';
import { lockRun } from '../../src/runs/run-lock.js';
import { temporaryFolder } from '../cli.js';
import { CHROMIUM, launch, NO_CHROMIUM } from './chromium.js';
import { addEvaluation, addPicture, addPreview, lossAt, lossLine, makeRun } from './run-of.js';

const WIDTHS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } } as const;

const NASTY = '<img src=x onerror="window.hurt = true"></script><script>window.hurt = true</script>';

const PROMPT = { ko: NASTY, en: 'a yellow car' };

/** A live page asks for news every two seconds; here, ten times as often. */
const POLLS_OFTEN =
  'const later = setTimeout; window.setTimeout = (call, ms, ...rest) => later(call, ms === 2000 ? 200 : ms, ...rest)';

/** A run with sentences that would be HTML, were they read as HTML. */
function runWithSentences(): string {
  const run = makeRun();
  const pairs = Array.from({ length: 6 }, (_, i) => ({ ko: i === 0 ? NASTY : `문장 ${i}`, en: `sentence ${i}` }));
  const similarity = pairs.map((_, i) => pairs.map((_, j) => (i === j ? 0.9 : i === 2 && j === 3 ? 0.95 : 0.2)));
  writeFileSync(
    join(run, TRANSLATIONS_FILE),
    JSON.stringify({ checkpoint: 'step-00000600', pooling: 'mean', pairs, similarity }),
  );
  return run;
}

describe.skipIf(CHROMIUM === undefined)(
  `the page in a browser${CHROMIUM === undefined ? ` (${NO_CHROMIUM})` : ''}`,
  () => {
    let browser: Browser;
    let assets: PageAssets;
    let server: ReportServer | undefined;
    const complaints: string[] = [];
    beforeAll(async () => {
      [browser, assets] = await Promise.all([launch(), readPageAssets()]);
    });
    afterAll(async () => {
      await browser.close();
    });
    afterEach(async () => {
      await server?.close();
      server = undefined;
      expect(complaints.splice(0)).toEqual([]);
    });

    interface Look {
      readonly width?: keyof typeof WIDTHS;
      readonly colorScheme?: 'light' | 'dark';
      readonly locale?: string;
    }

    /** Opens a page, and notes every error and every request beyond it. */
    async function open(
      url: string,
      { width = 'desktop', colorScheme = 'light', locale = 'en-GB' }: Look = {},
      shown = '.chart.tall svg',
    ): Promise<Page> {
      const page = await browser.newPage({ viewport: WIDTHS[width], colorScheme, locale, hasTouch: width === 'phone' });
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => {
        complaints.push(error.message);
      });
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== new URL(url).origin && !request.url().startsWith('data:'))
          complaints.push(`request to ${request.url()}`);
      });
      await page.addInitScript(POLLS_OFTEN);
      await page.goto(url);
      await page.locator(shown).first().waitFor();
      return page;
    }

    /** Opens a run's page as `writeReport` writes it; the pictures beside it are no part of it. */
    async function openFile(run: string, look?: Look): Promise<Page> {
      const path = join(run, 'report.html');
      writeFileSync(path, reportPage(await followRun(run).report(false), assets));
      return open(pathToFileURL(path).href, look);
    }
    const curves = (page: Page): Promise<string> => page.locator('.chart.tall svg').innerHTML();
    const background = (page: Page): Promise<string> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor');
    const textOf = (page: Page, selector: string) => (): Promise<string | null> =>
      page.locator(selector).first().textContent();

    /** Expects what the page comes to show: it answers to events a moment after them. */
    const soon = <T>(read: () => Promise<T>): ReturnType<typeof expect.poll<T>> =>
      expect.poll(read, { timeout: 10_000 });

    it('shows the other parts if one of them fails, and says why', async () => {
      const run = runWithSentences();
      const report = await followRun(run).report(false);
      const broken = { ...report.sections.translations!, pairs: null as never };
      const path = join(run, 'report.html');
      writeFileSync(path, reportPage({ ...report, sections: { ...report.sections, translations: broken } }, assets));
      const page = await open(pathToFileURL(path).href);
      await soon(() => page.locator('h2').allTextContents()).toEqual(['Losses', 'Evaluation', 'Configuration']);
      expect(await page.locator('section > .alarm').textContent()).toMatch(
        /^This part of the page could not be shown: Cannot read properties of null/,
      );
      expect(complaints.splice(0)).toEqual([expect.stringContaining('TypeError')]);
    });

    it.each([
      ['phone', 'light', 'ko-KR'],
      ['phone', 'dark', 'en-GB'],
      ['desktop', 'light', 'en-GB'],
      ['desktop', 'dark', 'ko-KR'],
    ] as const)('shows all parts without errors and fits a %s, %s, %s', async (width, colorScheme, locale) => {
      const run = runWithSentences();
      await addPicture(run, { prompts: [NASTY] });
      await addPicture(run, {
        file: 'compare-7.png',
        kind: 'grid',
        prompts: ['노란색 차', 'a yellow car'],
        encoders: ['CLIP en', 'student ko'],
        width: 1200,
      });
      await addEvaluation(run);
      for (const of of ['teacher', 'untrained'] as const) await addPreview(run, { of, step: 0 }, {}, PROMPT);
      for (let step = 10; step <= 120; step += 10) await addPreview(run, { of: 'student', step }, {}, PROMPT);
      const page = await openFile(run, { width, colorScheme, locale });
      await page.locator('.chart.square svg').waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe(locale.slice(0, 2));
      await soon(() => page.locator('h2').allTextContents()).toEqual(
        locale === 'ko-KR'
          ? ['손실', '평가', '번역', '미리보기', '그림', '설정']
          : ['Losses', 'Evaluation', 'Translations', 'Previews', 'Pictures', 'Configuration'],
      );
      expect(await background(page)).toBe(colorScheme === 'dark' ? 'rgb(15, 17, 21)' : 'rgb(255, 255, 255)');
      await soon(() => page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      expect(await page.evaluate('window.hurt')).toBeUndefined();
      expect(await page.locator('.pairs li').first().textContent()).toContain(NASTY);
      expect(await page.locator('.sheet figcaption').allTextContents()).toEqual([
        expect.stringContaining('7'),
        expect.stringContaining(NASTY),
      ]);
      await soon(() =>
        page.evaluate(
          '[...document.querySelectorAll(".sheet img")].map(({ complete, naturalWidth }) => [complete, naturalWidth])',
        ),
      ).toEqual([
        [true, 1200],
        [true, 384],
      ]);
      const film = page.locator('.film');
      expect(await page.locator('.strip figcaption').textContent()).toBe(`${PROMPT.ko}${PROMPT.en}`);
      expect(await film.locator('li').last().textContent()).toBe(locale === 'ko-KR' ? '120스텝' : 'step 120');
      // the newest is in view, and the teacher's beside it
      const end = '(({ scrollLeft, clientWidth, scrollWidth }) => scrollWidth - clientWidth - scrollLeft)';
      await soon(() => page.evaluate(`${end}(document.querySelector('.film'))`)).toBeLessThan(2);
      const [teacher, whole] = [await film.locator('.teacher').boundingBox(), await film.boundingBox()];
      expect(Math.abs(teacher!.x - whole!.x)).toBeLessThan(1);
      await page.close();
    });

    it('shows what an evaluation found, and says why pooled outputs find less', async () => {
      const hidden = makeRun({ settings: { loss: 'hidden' } });
      const pooler = makeRun({ settings: { loss: 'pooler' } });
      for (const [run, isSaid] of [
        [hidden, true],
        [pooler, false],
      ] as const) {
        await addEvaluation(run);
        const page = await openFile(run);
        await soon(() => page.locator('#evaluation h3').allTextContents()).toEqual([
          'Distance to the teacher',
          'Translations found',
          'Models',
        ]);
        const cells = page.locator('#evaluation table').nth(1).locator('tbody tr').last().locator('td');
        expect(await cells.allTextContents()).toEqual(['81.4% (best)', '81.6% (best)', '27.1% (best)', '28.6% (best)']);
        expect((await page.locator('#evaluation').textContent())!.includes('compare the mean of hidden states')).toBe(
          isSaid,
        );
        await page.close();
      }
    });

    it('responds to pointer and switches', async () => {
      const page = await openFile(runWithSentences());
      const box = (await page.locator('.chart.tall').boundingBox())!;
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 3);
      await soon(textOf(page, '.chart.tall .tip-body')).toMatch(/^step \d+ · epoch \d.*English, training\d\.\d{4}/);

      const drawn = [await curves(page)];
      const changes = async (act: () => Promise<void>): Promise<void> => {
        await act();
        await soon(async () => drawn.includes(await curves(page))).toBe(false);
        drawn.push(await curves(page));
      };
      await changes(() => page.getByRole('switch', { name: 'Log scale' }).click());
      await changes(() => page.getByRole('button', { name: 'Total' }).click());
      await changes(() => page.getByRole('button', { name: 'Last half' }).click());
      await changes(() => page.getByRole('slider', { name: 'Smoothing' }).fill('0.9'));
      await changes(() => page.getByRole('button', { name: 'validation', exact: true }).click());

      await page.getByRole('combobox', { name: 'Sentence' }).selectOption('2');
      await soon(textOf(page, '.neighbours li')).toContain('sentence 3');
      await soon(textOf(page, '.nearest')).toContain('Its translation is number 2.');
      await page.getByText('Validation losses as a table').click();
      await soon(() => page.locator('#losses table tbody tr').count()).toBe(4);
      await page.close();
    });

    it('selects a range of steps with the keyboard', async () => {
      const page = await openFile(makeRun());
      const pressed = (name: string): Promise<string | null> =>
        page.getByRole('button', { name, exact: true }).getAttribute('aria-pressed');
      const [from, to] = [
        page.getByRole('slider', { name: 'From step' }),
        page.getByRole('slider', { name: 'To step' }),
      ];
      const whole = await curves(page);
      await from.focus();
      for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowRight');
      await soon(() => from.getAttribute('aria-valuetext')).toBe('step 60');
      expect((await from.boundingBox())!.width).toBeGreaterThan(50); // it shows while it has the focus
      expect(await curves(page)).not.toBe(whole);
      expect(await pressed('All')).toBe('false');
      await to.focus();
      await page.keyboard.press('Home');
      await soon(() => to.getAttribute('aria-valuetext')).toBe('step 66'); // not before the first
      await page.getByRole('button', { name: 'Last half' }).click();
      await soon(() => from.getAttribute('aria-valuetext')).toBe('step 300');
      expect([await pressed('Last half'), await to.getAttribute('aria-valuetext')]).toEqual(['true', 'step 600']);
      await page.close();
    });

    it("changes language and theme, and keeps the reader's choices", async () => {
      const page = await openFile(runWithSentences());
      await page.getByRole('button', { name: 'Total' }).click();
      await page.getByRole('button', { name: '한국어' }).focus();
      await page.keyboard.press('Enter');
      await soon(() => page.getByRole('button', { name: '합계' }).getAttribute('aria-pressed')).toBe('true');
      const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent');
      expect(await focused()).toBe('한국어'); // and not at the beginning of a page that was rebuilt
      await page.getByRole('button', { name: '검증', exact: true }).focus();
      await page.keyboard.press('Space');
      await soon(() => page.getByRole('button', { name: '검증', exact: true }).getAttribute('aria-pressed')).toBe(
        'false',
      );
      expect(await focused()).toBe('검증');
      await page.getByRole('button', { name: '어둡게' }).click();
      await soon(() => background(page)).toBe('rgb(15, 17, 21)');
      await soon(async () => {
        await page.reload(); // into a process that may not have yet what this one has stored
        await page.locator('.chart.tall svg').waitFor();
        return [await page.locator('html').getAttribute('lang'), await background(page)];
      }).toEqual(['ko', 'rgb(15, 17, 21)']);
      await page.close();
    });

    it('is printed in light colours on the width of a page, with the tables that are open', async () => {
      const page = await openFile(runWithSentences(), { colorScheme: 'dark' });
      await page.getByText('Validation losses as a table').click();
      const rows = (): Promise<number> => page.locator('#losses table tbody tr').count();
      await soon(rows).toBe(4);
      await page.evaluate('dispatchEvent(new Event("beforeprint"))'); // what follows must be there at once
      expect(await background(page)).toBe('rgb(255, 255, 255)');
      expect(await rows()).toBe(4);
      for (const chart of ['.chart.tall', '.chart.square'])
        expect(Number(await page.locator(`${chart} svg`).getAttribute('width')), chart).toBeLessThanOrEqual(688);
      await page.evaluate('dispatchEvent(new Event("afterprint"))');
      expect(await background(page)).toBe('rgb(15, 17, 21)');
      await soon(async () => Number(await page.locator('.chart.tall svg').getAttribute('width'))).toBeGreaterThan(900);
      await page.close();
    });

    it('shows a run before its first step, and one whose loss is not a number', async () => {
      const empty = makeRun();
      for (const name of ['loss.csv', 'validation.csv']) rmSync(join(empty, name));
      const lock = await lockRun(empty);
      server = await serveSite(siteOfRun(followRun(empty)), 0);
      const page = await open(server.url, {}, '.waiting');
      await soon(textOf(page, '.notes')).toBe('No step has been logged yet.');
      expect(await page.locator('.facts').textContent()).toContain('of 600epoch 1 of 3Time left–known after the first');
      expect(await page.locator('.chart').first().isVisible()).toBe(false);
      const begun = makeRun({ rows: 9 });
      const untrained = readFileSync(join(begun, 'validation.csv'), 'utf8').split('\n').slice(0, 2);
      writeFileSync(join(empty, 'validation.csv'), `${untrained.join('\n')}\n`);
      await page.locator('.chart.tall svg').waitFor({ timeout: 10_000 });
      expect(await page.locator('.chart.low').first().isVisible()).toBe(false); // nothing is logged but that
      writeFileSync(join(empty, 'loss.csv'), readFileSync(join(begun, 'loss.csv')));
      await page.locator('.chart.low svg').first().waitFor({ timeout: 10_000 });
      await soon(textOf(page, '.facts')).toMatch(/Time left\d:\d\d:\d\d/);
      lock.release();
      await page.close();
      const broken = makeRun();
      appendFileSync(join(broken, 'loss.csv'), `${lossLine(610, 200, 'NaN')}\n`);
      appendFileSync(join(broken, 'validation.csv'), '610,4,NaN,NaN,NaN,8\n');
      writeFileSync(join(broken, 'skipped.csv'), 'step,epoch,rows\n601,4,0-31 64-95\n602,4,32-63\n');
      const other = await openFile(broken);
      await soon(() => other.locator('.alarm').allTextContents()).toEqual([
        'The loss is not a finite number at step 610.',
        'The validation loss is not a finite number at step 610.',
        'Steps that were skipped because a loss or gradient was not a finite number: 2.',
      ]);
      await other.close();
      const run = runWithSentences();
      const similarity = Array.from({ length: 6 }, () => Array.from({ length: 6 }, () => null));
      const kept = JSON.parse(readFileSync(join(run, TRANSLATIONS_FILE), 'utf8')) as object;
      writeFileSync(join(run, TRANSLATIONS_FILE), JSON.stringify({ ...kept, similarity }));
      const diverged = await openFile(run);
      await soon(textOf(diverged, '#translations .alarm')).toMatch(
        /^The student’s outputs at step-00000600 are not all/,
      );
      await diverged.close();
    });

    it('says why a run failed, why one cannot be read, and what is wrong with a picture', async () => {
      const failed = makeRun({ name: 'failed' });
      const root = join(failed, '..');
      writeFileSync(
        join(failed, 'ended.json'),
        JSON.stringify({ state: 'failed', step: 4, error: 'step 5: NaN', time: '' }),
      );
      cpSync(failed, join(root, 'damaged'), { recursive: true });
      writeFileSync(join(root, 'damaged/config.json'), '{"settings": ');
      server = await serveSite(siteOfRuns(root), 0);
      const page = await open(server.url, { width: 'phone' }, 'table');
      const reason = (run: string): Promise<string> =>
        page.locator('tbody tr', { hasText: run }).locator('.reason').innerText();
      expect(await reason('failed')).toBe('step 5: NaN');
      expect(await reason('damaged')).toContain('config.json');
      await soon(() => page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await page.close();
      await addPreview(failed, { of: 'student', step: 10 }, { trouble: 'all pixels are of one colour' }, PROMPT);
      const strip = await openFile(failed);
      expect(await strip.locator('.film li').innerText()).toContain('all pixels are of one colour');
      await strip.close();
    });

    it.each([
      ['phone', 'dark', 'ko-KR'],
      ['desktop', 'light', 'en-GB'],
    ] as const)('shows several runs compared, and the list they are chosen from: %s, %s, %s', async (...look) => {
      const [width, colorScheme, locale] = look;
      const first = makeRun({ settings: { student: NASTY, validPairs: 5 }, validated: 5 });
      const root = join(first, '..');
      cpSync(makeRun({ name: 'second', epochs: 4 }), join(root, 'second'), { recursive: true });
      writeFileSync(
        join(root, 'second/validation.csv'),
        readFileSync(join(root, 'second/validation.csv'), 'utf8').replace(
          `,${lossAt(600)},`,
          `,${lossAt(600) + 1e-7},`,
        ),
      );
      const keepMean = async (name: string, mean: number): Promise<void> =>
        keepBaselines(join(root, name), { untrained: 3, mean, pairs: 8 });
      for (const name of ['first', 'second']) await keepMean(name, 0.75);
      await addEvaluation(first);
      server = await serveSite(siteOfRuns(root), 0);
      const page = await open(server.url, { width, colorScheme, locale }, 'table');
      expect(await page.locator('#compare').isVisible()).toBe(false);
      for (const box of await page.getByRole('checkbox').all()) await box.check();
      await page.locator('#compare').click();
      await page.locator('.chart.tall svg').waitFor();
      const mean = locale === 'ko-KR' ? '교사의 평균으로 예측' : 'predicting the teacher’s mean';
      const legend = (): Promise<string[]> => page.locator('.legend button').allTextContents();
      expect(await legend()).toHaveLength(5);
      expect((await legend()).at(-1)).toBe(mean);
      expect(await page.locator('#overview').textContent()).toMatch(/first: .*[58].*[58]/);
      const marked = await page.locator('#overview td .best').allTextContents(); // the same in four digits
      expect(marked).toEqual(Array.from({ length: 2 }, () => lossAt(600).toFixed(4)));
      const differing = page.locator('#differences tbody th');
      const pairs = locale === 'ko-KR' ? '문장 쌍(학습 + 검증)' : 'pairs (training + validation)';
      expect(await differing.allTextContents()).toEqual(['--epochs', '--student', '--valid-pairs', pairs]);
      expect(await page.locator('#differences').textContent()).toContain(NASTY);
      await soon(() => page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      expect(await page.evaluate('window.hurt')).toBeUndefined();
      const drawn = await curves(page);
      await keepMean('second', 0.5); // of other data
      await page.reload();
      await soon(legend).toEqual(expect.arrayContaining([`${mean} (first)`, `${mean} (second)`]));
      expect(await page.locator('#overview .best').count()).toBe(0); // losses of other data do not compare
      await page.getByRole('button', { name: locale === 'ko-KR' ? '스텝' : 'Steps' }).click();
      await soon(() => curves(page)).not.toBe(drawn);
      await page.locator('nav a[href="../"]').last().click();
      await page.locator('a[href="runs/second/"]').click();
      await page.locator('.chart.tall svg').waitFor();
      expect(await page.locator('h1').textContent()).toBe('second');
      await page.close();
    });

    it.each(['en-GB', 'ko-KR'])('shows an evaluation and a preparation by themselves, in %s', async (locale) => {
      const folder = temporaryFolder();
      const run = makeRun();
      await addEvaluation(run);
      const { pairs, sts } = (await readEvaluations(run))!;
      const second = structuredClone({ ...pairs!.models.at(-1)!, name: 'second' });
      Object.assign(second.scores.en.distance!, { mse: 0.21 + 1e-6 }); // the same in four digits
      const results = { pairs: { ...pairs!, models: [...pairs!.models, second] }, sts };
      writeFileSync(join(folder, 'eval.html'), await evaluationPage(results));
      const evaluated = await open(pathToFileURL(join(folder, 'eval.html')).href, { width: 'phone', locale }, 'table');
      // the error's bar is longer the lower it is, and Korean comes first
      const cells = evaluated.locator('#scores table').first().locator('tbody tr');
      const shares = await cells.evaluateAll((rows) =>
        (
          rows as unknown as {
            querySelector(selector: string): { style: { getPropertyValue(name: string): string } };
          }[]
        ).map((row) => Number(row.querySelector('td').style.getPropertyValue('--share'))),
      );
      expect(shares).toEqual([0.372, 0, 0.869, 0.869]); // of 1.2, 1.91, 0.25 and 0.25
      // errors and cosines in Korean and English, in which all but the teacher may be best
      const marks = [];
      for (const row of await cells.all()) marks.push(await row.locator('.best').count());
      expect(marks).toEqual([0, 2, 4, 4]);
      await soon(() => evaluated.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await evaluated.close();

      const counts = { read: 9, dropped: { empty: 2 }, not_sampled: 0, training: 5, validation: 2 };
      const lengths = Array.from({ length: 79 }, (_, tokens) => (tokens > 4 && tokens < 9 ? 2 : 0));
      const columns = { teacher_en: lengths, student_en: lengths, student_ko: lengths };
      const request = { data: [NASTY], out: NASTY, teacher: 'a/teacher', student: 'a/student', seed: 7 };
      const page = await preparationPage(
        { ...PREPARE_DEFAULTS, ...request },
        {
          corpora: [{ corpus: 'other', ...counts }],
          total: counts,
          examples: { empty: [`${NASTY}:3`] },
          skipped: [{ file: NASTY, why: NASTY }],
          lengths: columns,
          cut: { teacher_en: 0, student_en: 0, student_ko: 0 },
        },
      );
      writeFileSync(join(folder, 'prep.html'), page);
      const prepared = await open(
        pathToFileURL(join(folder, 'prep.html')).href,
        { width: 'phone', locale },
        '.chart svg',
      );
      const text = (await prepared.locator('main').textContent())!;
      for (const shown of [`${NASTY}:3`, 'a/teacher', 'a/student', '--seed7']) expect(text).toContain(shown);
      expect(await prepared.evaluate('window.hurt')).toBeUndefined();
      await soon(() => prepared.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await prepared.close();
    });

    it('follows a resumed run without being reloaded', async () => {
      const run = makeRun({ settings: { epochs: 100 } });
      const lock = await lockRun(run);
      server = await serveSite(siteOfRun(followRun(run)), 0);
      const page = await open(server.url);
      await page.evaluate('window.first = true');
      await soon(textOf(page, '.state')).toBe('Training');
      const before = await curves(page);
      appendFileSync(join(run, 'loss.csv'), `${lossLine(610, 200, 0.2)}\n${lossLine(620, 200, 0.2)}\n`);
      await soon(textOf(page, '.facts')).toContain('620');
      await soon(() => curves(page)).not.toBe(before);
      writeFileSync(join(run, TRANSLATIONS_FILE), readFileSync(join(runWithSentences(), TRANSLATIONS_FILE)));
      await page.locator('#translations').waitFor({ timeout: 10_000 });
      await addPicture(run);
      await page.locator('#pictures img').waitFor({ timeout: 10_000 });
      for (const [i, step] of [300, 600].entries()) {
        await addPreview(run, { of: 'student', step });
        await soon(() => page.locator('.film img').count()).toBe(i + 1);
      }
      lock.release();
      await soon(textOf(page, '.state')).toBe('Stopped');
      expect(await page.evaluate('window.first')).toBe(true);
      await page.close();
    });
  },
);
