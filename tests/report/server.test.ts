import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { News, Position } from '../../src/report/report-data.js';
import { followRun } from '../../src/report/run-follower.js';
import type { PageData } from '../../src/report/pages.js';
import { serveSite, siteOfRun, type ReportServer } from '../../src/report/server.js';
import { siteOfRuns } from '../../src/report/sites.js';
import { lockRun } from '../../src/runs/run-lock.js';
import { lossLine, makeRun } from './run-of.js';

let server: ReportServer;
afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Asks as it stands: fetch would mend paths and hosts. */
function ask(path: string, { host, method = 'GET' }: { host?: string; method?: string } = {}): Promise<Answer> {
  const { port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers: host === undefined ? {} : { host } }, (response) => {
      let body = '';
      response
        .setEncoding('utf8')
        .on('data', (text: string) => {
          body += text;
        })
        .on('end', () => {
          resolve({ status: response.statusCode!, body, headers: response.headers });
        });
    })
      .on('error', reject)
      .end();
  });
}

async function start(): Promise<string> {
  const run = makeRun();
  server = await serveSite(siteOfRun(followRun(run)), 0);
  return run;
}

const newsAt = async (position: Position): Promise<News> =>
  JSON.parse(
    (await ask(`/news?${new URLSearchParams({ ...position, rows: String(position.rows) }).toString()}`)).body,
  ) as News;

describe('a report that is served', () => {
  it('serves the page to itself only', async () => {
    await start();
    const { status, body, headers } = await ask('/');
    expect([status, body.startsWith('<!doctype html>'), body.includes('"live":true')]).toEqual([200, true, true]);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*connect-src 'self'/);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('listens on the loopback address only, and responds to its own names only', async () => {
    await start();
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const { host, port } = new URL(server.url);
    const statusFor = async (name: string): Promise<number> => (await ask('/', { host: name })).status;
    expect([await statusFor(host), await statusFor(`localhost:${port}`)]).toEqual([200, 200]);
    expect([
      await statusFor('evil.example'),
      await statusFor(`evil.example:${port}`),
      await statusFor('127.0.0.1'),
    ]).toEqual([421, 421, 421]);
    expect((await ask('/news', { host: 'evil.example' })).status).toBe(421);
  });

  it('serves no files, and accepts no data', async () => {
    await start();
    for (const path of [
      '/config.json',
      '/../config.json',
      '/..%2fconfig.json',
      '//etc/passwd',
      '/loss.csv',
      '/%00',
      '/.',
    ]) {
      expect([path, (await ask(path)).status]).toEqual([path, path === '/.' ? 200 : 404]);
    }
    expect((await ask('/', { method: 'POST' })).status).toBe(405);
    expect((await ask('/', { method: 'HEAD' })).body).toBe('');
  });

  it('sends only what is new', async () => {
    const run = await start();
    const all = await newsAt({ generation: 'none', rows: 0, sections: '' });
    expect(all).toMatchObject({ position: { rows: 60 }, training: { rows: 60 }, run: { step: 600 } });
    expect(all.sections).toBeDefined();
    expect(await newsAt(all.position)).toEqual({
      position: all.position,
      run: all.run,
      validation: all.validation,
      rows: [],
    });

    appendFileSync(join(run, 'loss.csv'), `${lossLine(610, 200, 0.5)}\n${lossLine(620, 200, 'NaN')}\n`);
    const more = await newsAt(all.position);
    expect(more.rows).toEqual([
      [610, 4, 0.5, 0.25, 0.25, 1.5, expect.any(Number), 5e-5],
      [620, 4, null, null, null, 1.5, expect.any(Number), 5e-5],
    ]);

    appendFileSync(join(run, 'loss.csv'), `${lossLine(400, 200, 0.7)}\n`); // resumed from an earlier checkpoint
    const again = await newsAt(more.position);
    expect(again.training).toMatchObject({ rows: 40 });
    expect(again.position.generation).not.toBe(more.position.generation);
  });

  it('says when a port is taken', async () => {
    const run = await start();
    const { port } = new URL(server.url);
    await expect(serveSite(siteOfRun(followRun(run)), Number(port))).rejects.toThrow(
      `--port ${port}: expected a port to listen on, but another process is using it; choose another, or 0 for any ` +
        'that is free',
    );
  });
});

describe('all runs, served', () => {
  const pageAt = async (path: string): Promise<PageData> =>
    JSON.parse(/id="report">(.*)<\/script>/.exec((await ask(path)).body)![1]) as PageData;

  /** Two runs under a root: `late` was begun last, `early` is at work. */
  async function twoRuns(): Promise<void> {
    const early = makeRun({ name: 'early', settings: { epochs: 100 } });
    const root = join(early, '..');
    cpSync(makeRun({ name: 'late' }), join(root, 'late'), { recursive: true });
    for (const [name, order] of [
      ['early', 1],
      ['late', 2],
    ] as const) {
      const path = join(root, name, 'config.json');
      writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), order }));
    }
    await lockRun(early);
    server = await serveSite(siteOfRuns(root), 0);
  }

  it('are a list, running ones first, each a page, and any of them compared', async () => {
    await twoRuns();
    expect(await pageAt('/')).toMatchObject({
      kind: 'runs',
      runs: [
        { name: 'early', state: 'training' },
        { name: 'late', state: 'finished' },
      ],
    });
    expect(await pageAt('/runs/late/')).toMatchObject({ kind: 'run', home: '../../', run: { name: 'late' } });
    expect(JSON.parse((await ask('/runs/late/news?rows=0')).body)).toMatchObject({ run: { name: 'late' } });
    const compared = await pageAt('/compare/?run=late&run=early');
    expect(compared).toMatchObject({
      kind: 'comparison',
      runs: [{ run: { name: 'late' } }, { run: { name: 'early' } }],
      differences: [{ name: '--epochs', isSetting: true, values: ['3', '100'] }],
    });
    expect(JSON.parse((await ask('/compare/news?run=late&run=early')).body)).toMatchObject({ kind: 'comparison' });
  });

  it('are found without the slash at the end of their addresses', async () => {
    await twoRuns();
    for (const [path, place] of [
      ['/runs/late', '/runs/late/'],
      ['/compare?run=late&run=early', '/compare/?run=late&run=early'],
    ] as const)
      expect(await ask(path)).toMatchObject({ status: 308, headers: { location: place } });
    for (const path of ['/runs/no', '/runs', '/compare?run=no']) expect((await ask(path)).status).toBe(404);
  });

  it('are found by their names only', async () => {
    await twoRuns();
    for (const path of [
      '/runs/',
      '/runs/..%2flate/',
      '/runs/%ff/',
      '/runs/no/',
      '/runs/late/loss.csv',
      '/compare/',
      '/compare/?run=late&run=..%2f..',
    ])
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
  });
});
