import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { embedded } from '../../src/report/page.js';
import type { ReportData } from '../../src/report/report-data.js';
import { writeReport } from '../../src/report/write-report.js';
import { keepBaselines } from '../../src/runs/baselines-file.js';
import { lockRun } from '../../src/runs/run-lock.js';
import { claimOf } from '../runs/new-run.js';
import { lossLine, makeRun, type RunOptions } from './run-of.js';

async function pageOf(options: RunOptions = {}, change: (run: string) => unknown = () => undefined): Promise<string> {
  const run = makeRun(options);
  await change(run);
  return readFileSync(await writeReport(run), 'utf8');
}

/** What is embedded in a page. */
function dataOf(page: string): ReportData {
  return JSON.parse(/<script type="application\/json" id="report">(.*)<\/script>/.exec(page)![1]) as ReportData;
}

describe('the page', () => {
  it('is one file that loads nothing', async () => {
    const page = await pageOf();
    const withoutScript = page.slice(0, page.lastIndexOf('<script>'));
    expect(/ src=|<link[^>]* href="(?!data:,)|@import|url\(/.exec(withoutScript)).toBeNull();
    expect(withoutScript).toContain("default-src 'none'; script-src 'sha256-");
    expect(withoutScript).toContain("connect-src 'none'");
    expect(page.match(/<\/script>/g)).toHaveLength(2);
  });

  it("has no text that ends its script, whatever the run's name and configuration", async () => {
    const nasty = '</script><img src=x onerror=alert(1)>\u2028<!-- &amp;';
    const page = await pageOf({ settings: { student: nasty } });
    expect([page.includes('<img src=x'), page.includes('\u2028')]).toEqual([false, false]);
    expect(dataOf(page).sections.settings).toContainEqual(['--student', nasty]);
    expect(JSON.parse(embedded({ nasty }))).toEqual({ nasty });
  });

  it('stays under 3 MB for 312,500 steps, all of them logged', async () => {
    const page = await pageOf({ rows: 312_500, logEvery: 1, epochs: 10 });
    expect(page.length).toBeLessThan(1_500_000);
    expect(dataOf(page)).toMatchObject({
      run: { state: 'finished', step: 312_500, totalSteps: 312_500, epoch: 10 },
      training: { rows: 312_500 },
    });
  });
});

describe('a run', () => {
  const withoutLogs = (run: string): void => {
    rmSync(join(run, 'loss.csv'));
    rmSync(join(run, 'validation.csv'));
  };
  const stateOf = async (options: RunOptions, change: (run: string) => unknown): Promise<string> =>
    dataOf(await pageOf(options, change)).run.state;
  const unfinished = { settings: { epochs: 100 } };

  it('with damaged records is reported without them, and says which', async () => {
    const { run, sections } = dataOf(
      await pageOf({}, (folder) => {
        for (const name of ['ended.json', 'baselines.json']) writeFileSync(join(folder, name), '{"mean": ');
      }),
    );
    expect([run.state, run.meanBaseline]).toEqual(['finished', null]);
    expect(sections.problems).toEqual(
      ['ended', 'baselines'].map(
        (name) => expect.stringMatching(new RegExp(`/${name}\\.json: expected JSON, got .*; restore it`)) as string,
      ),
    );
  });

  it('before its first step has a report, too', async () => {
    expect(
      dataOf(
        await pageOf({}, (run) => {
          withoutLogs(run);
          return lockRun(run);
        }),
      ),
    ).toMatchObject({ run: { state: 'starting', step: 0, pairsPerSecond: null }, validation: [] });
  });

  it('is training while a process has its lock, and not after', async () => {
    expect(await stateOf(unfinished, lockRun)).toBe('training');
    expect(
      await stateOf(unfinished, async (run) => {
        (await lockRun(run)).release();
      }),
    ).toBe('stopped');
    expect(await stateOf(unfinished, () => undefined)).toBe('stopped');
    expect(
      await stateOf(unfinished, async (run) => {
        const lock = await lockRun(run);
        const path = claimOf(run);
        const owner = JSON.parse(readFileSync(path, 'utf8')) as object;
        lock.release();
        // killed, and the machine started again
        writeFileSync(path, JSON.stringify({ ...owner, boot: 'of another day' }));
      }),
    ).toBe('failed');
    expect(await stateOf({}, lockRun)).toBe('training'); // its last validation, or saving
    expect(
      await stateOf({}, async (run) => {
        await lockRun(run);
        writeFileSync(join(run, 'ended.json'), JSON.stringify({ state: 'finished', step: 600, time: '' }));
      }),
    ).toBe('finished'); // its report
  });

  it('in progress says how far it is, and which log lines cannot be read', async () => {
    const { run, training } = dataOf(
      await pageOf({ settings: { maxSteps: 5000, epochs: 100 } }, (folder) => {
        writeFileSync(
          join(folder, 'loss.csv'),
          `${readFileSync(join(folder, 'loss.csv'), 'utf8')}610,4,tor\n${lossLine(620, 200, 'NaN')}\n`,
        );
      }),
    );
    expect(run).toMatchObject({ step: 620, totalSteps: 5000, skippedLines: 1 });
    expect(training.nonFinite).toBe(620);
    expect(training.curves.loss.mean.at(-1)).toBeNull();
  });

  it('that has ended includes its last epoch, logged or not', async () => {
    const { run } = dataOf(
      await pageOf({ rows: 30, logEvery: 10 }, (folder) => {
        const [header, ...lines] = readFileSync(join(folder, 'loss.csv'), 'utf8').trimEnd().split('\n');
        writeFileSync(join(folder, 'loss.csv'), `${[header, ...lines.slice(0, 15)].join('\n')}\n`);
      }),
    );
    expect(run).toMatchObject({ state: 'finished', step: 300, epoch: 3, epochs: 3 });
  });

  it('says which pairs it is validated on, if not all', async () => {
    const facts = async (settings: object, pairs: number, validated: number | '') => {
      const { run, validation } = dataOf(
        await pageOf({ settings, validated }, (folder) => keepBaselines(folder, { untrained: 3, mean: 1, pairs })),
      );
      return [run.validationSample, run.baselineSample, validation.at(-1)!.pairs];
    };
    expect(await facts({ validPairs: 5 }, 3, 5)).toEqual([5, 3, 5]); // of 8
    expect(await facts({ validPairs: 5 }, 3, '')).toEqual([5, 3, null]);
    expect(await facts({ validPairs: 8 }, 3, 8)).toEqual([null, 3, 8]);
    expect(await facts({ validPairs: 'all' }, 8, 8)).toEqual([null, null, 8]);
    expect(await facts({}, 5, 5)).toEqual([5, null, 5]); // the log says what happened
  });

  it('has its settings as flags', async () => {
    const { sections } = dataOf(
      await pageOf({ settings: { shuffle: false, maxGradNorm: 1, data: ['a.csv', 'b.csv'], randomWeights: true } }),
    );
    expect(sections.settings).toEqual(
      expect.arrayContaining([
        ['--no-shuffle', ''],
        ['--max-grad-norm', '1'],
        ['--data', 'a.csv b.csv'],
        ['--random-weights', ''],
      ]),
    );
  });
});
