import { describe, expect, it } from 'vitest';
import { thisMachine } from '../../src/tensorflow/machine.js';

describe('a program on this machine', () => {
  const run = (script: string, timeout?: number) => thisMachine.run(process.execPath, ['--eval', script], timeout);

  it('ends with a status and what it wrote', async () => {
    expect(await run('console.log(1); console.error(2); process.exitCode = 3')).toEqual({
      status: 3,
      stdout: '1\n',
      stderr: '2\n',
    });
    expect(await thisMachine.run('no-such-program', [])).toBeUndefined();
  });

  it('is given up when it takes too long, even if it ignores signals', async () => {
    const answer = await run("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)", 500);
    expect(answer).toEqual({ status: 124, stdout: '', stderr: 'no answer within 0.5 s' });
  });
});
