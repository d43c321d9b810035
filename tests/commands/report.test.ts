import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { KD, temporaryFolder } from '../cli.js';
import { kdHere } from '../in-process.js';
import { folderWithPairs, train } from './tiny.js';

describe('kd report', () => {
  let cwd: string;
  let trained: ReturnType<typeof train>;
  beforeAll(() => {
    cwd = folderWithPairs(40);
    trained = train(cwd, ['--epochs', '1', '--batch-size', '8', '--log-every', '1']);
    expect(trained.code, trained.stderr).toBe(0);
  });

  const translations = (): { checkpoint: string; pairs: unknown[]; similarity: number[][] } =>
    JSON.parse(readFileSync(join(cwd, 'checkpoints/tiny/translations.json'), 'utf8')) as ReturnType<
      typeof translations
    >;

  it('is written at the end of training, which names it', () => {
    expect(trained.stdout).toMatch(/\nreport: checkpoints\/tiny\/report\.html\n$/);
    expect(existsSync(join(cwd, 'checkpoints/tiny/report.html'))).toBe(true);
  });

  it('has sentences encoded by the best checkpoint of the newest or named run', async () => {
    for (const names of [[], ['tiny'], ['checkpoints/tiny']]) {
      const { code, stdout, stderr } = await kdHere(['report', ...names], { cwd });
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/^checkpoints\/tiny\/report\.html: \d{3} kB, needs nothing else; open it in a browser\n$/);
    }
    const { checkpoint, pairs, similarity } = translations();
    expect(checkpoint).toBe(readFileSync(join(cwd, 'checkpoints/tiny/best'), 'utf8').trim());
    expect(pairs.length).toBeGreaterThan(3);
    expect(similarity.flat().every((value) => Math.abs(value) <= 1)).toBe(true);
    expect(readFileSync(join(cwd, 'checkpoints/tiny/report.html'), 'utf8')).toContain(JSON.stringify(similarity[0]));
  });

  it('works without the data and the checkpoint', async () => {
    const other = join(temporaryFolder(), 'copy');
    mkdirSync(other);
    writeFileSync(join(other, 'config.json'), readFileSync(join(cwd, 'checkpoints/tiny/config.json')));
    const { code, stdout, stderr } = await kdHere(['report', other, '--json']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ event: 'report', report: join(other, 'report.html') });
  });

  it('compares several runs: one page, tables, one event', async () => {
    const second = join(cwd, 'checkpoints/second');
    cpSync(join(cwd, 'checkpoints/tiny'), second, { recursive: true });
    const config = JSON.parse(readFileSync(join(second, 'config.json'), 'utf8')) as {
      settings: object;
      student: object;
    };
    writeFileSync(
      join(second, 'config.json'),
      JSON.stringify({
        ...config,
        settings: { ...config.settings, seed: 7, learningRate: 0.5 },
        student: { ...config.student, parameters: 1000 },
      }),
    );
    try {
      const { code, stdout, stderr } = await kdHere(['report', 'tiny', 'second'], { cwd });
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/^run +state +step +best loss +en +ko +at step +pairs\/s\ntiny +finished +4\/4 +\d/);
      expect(stdout).toMatch(/\ndiffers +tiny +second\n--learning-rate +\S+ +0\.5\n--seed +\d+ +7\n/);
      expect(stdout).toMatch(/\nstudent’s parameters +[\d,]+ +1,000\n/);
      expect(stdout).toMatch(/\ncheckpoints\/comparison\.html: \d{3} kB, needs nothing else; open it in a browser\n$/);
      const event: unknown = JSON.parse((await kdHere(['report', 'tiny', second, 'tiny', '--json'], { cwd })).stdout);
      expect(event).toMatchObject({
        event: 'comparison',
        report: join(cwd, 'checkpoints/comparison.html'),
        runs: [
          { name: 'tiny', state: 'finished', step: 4, steps: 4 },
          { name: 'second', state: 'finished' },
        ],
        differences: [
          { name: '--learning-rate' },
          { name: '--seed', values: [expect.any(String), '7'] },
          { name: 'student', values: [expect.any(String), '1,000'] },
        ],
        evaluations: [],
      });
    } finally {
      rmSync(second, { recursive: true });
    }
  });

  it('is documented by exactly the commands that are run here', async () => {
    const document = readFileSync(new URL('../../docs/report.md', import.meta.url), 'utf8');
    const commands = [...document.matchAll(/```sh\n([^]*?)```/g)]
      .flatMap(([, block]) => block.trim().split('\n'))
      .map((line) => line.replace(/\s+#.*$/, ''));
    expect(commands).toEqual([
      'npx kd report',
      'npx kd report quickstart',
      'npx kd report --no-encode',
      'npx kd report first second',
      'npx kd report --serve',
    ]);
    expect((await kdHere(['report', '--no-encode'], { cwd })).code).toBe(0); // the others above and below
  });

  it('rejects a name that is not a run, and says where it looked', async () => {
    const { code, stderr } = await kdHere(['report', 'nothing'], { cwd });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^error: report nothing: expected the name of a run, or a run's folder, found none of that name; the runs, newest first: \w+\n$/,
      ),
    ]);
    const empty = temporaryFolder();
    expect((await kdHere(['report'], { cwd: empty })).stderr).toBe(
      `error: report: expected a run under ${join(empty, 'checkpoints')}, found none; train one with kd train, ` +
        `or name its folder\n`,
    );
    expect((await kdHere(['report', '--port', '70000'], { cwd })).stderr).toContain(
      'Expected a whole number from 0 to 65535.',
    );
  });

  it('is served until it is stopped', async () => {
    const child = spawn(process.execPath, [KD, 'report', '--serve', '--port', '0', '--no-encode', '--json'], { cwd });
    const ended = new Promise<number | null>((resolve) => {
      child.on('exit', resolve);
    });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    const [line] = await new Promise<string[]>((resolve) => {
      child.stdout.once('data', (text: Buffer) => {
        resolve(text.toString().split('\n'));
      });
    });
    const { url } = JSON.parse(line) as { url: string };
    const page = await (await fetch(url)).text();
    expect(page).toContain('"live":true,"folder":"checkpoints"');
    expect(await (await fetch(`${url}runs/tiny/`)).text()).toContain('"home":"../../"');
    child.kill('SIGINT');
    expect(await ended, stderr).toBe(0);
    expect(stderr).toBe('');
  });
});
