import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BACKENDS_UNDER_TEST } from '../backends.js';

const MUTED = join(import.meta.dirname, '../../dist/tensorflow/muted.js');

/**
 * Writes before, in and after the muted work, bypassing Node's streams like native code, then what the work returned.
 */
const PROGRAM = `
  const { writeSync } = require('node:fs');
  const write = (text) => writeSync(2, text);
  import(${JSON.stringify(MUTED)}).then(({ withMutedStderr }) => {
    write('before ');
    console.log(withMutedStderr(() => (write('in '), 'returned')));
    try { withMutedStderr(() => { throw new Error('thrown'); }); } catch ({ message }) { write(message + ' '); }
    write('after ');
  });
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kd-muted-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe.skipIf(!BACKENDS_UNDER_TEST.includes('tensorflow'))(
  'what is written to standard error while it is muted',
  () => {
    it('is discarded if that is a socket', () => {
      const { stdout, stderr } = spawnSync(process.execPath, ['-e', PROGRAM], { encoding: 'utf8' });
      expect([stdout, stderr]).toEqual(['returned\n', 'before thrown after ']);
    });

    it.each(['>', '>>'])('goes nowhere if that is a file whose position others share: 2%s', (redirection) => {
      const script = `{ echo first >&2; "$0" -e "$1"; echo last >&2; } 2${redirection} log`;
      const { stdout } = spawnSync('sh', ['-c', script, process.execPath, PROGRAM], { cwd: folder, encoding: 'utf8' });
      expect([stdout, readFileSync(join(folder, 'log'), 'utf8')]).toEqual([
        'returned\n',
        'first\nbefore thrown after last\n',
      ]);
    });

    it('is discarded if that is a pipe, even one that nobody reads', () => {
      const script =
        '"$0" -e "$1" 2>&1 >out | cat; "$0" -e "process.on(\'SIGPIPE\', () => {}); $2" 2>&1 >lost | true; cat out';
      const quiet = PROGRAM.replaceAll(/writeSync\(2, text\)/g, '{ try { writeSync(2, text); } catch {} }');
      const { stdout } = spawnSync('sh', ['-c', script, process.execPath, PROGRAM, quiet], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(stdout).toBe('before thrown after returned\n');
      expect(readFileSync(join(folder, 'lost'), 'utf8')).toBe('returned\n');
    });

    it('is written after all if no descriptor is left, and the work is done', () => {
      const fill = `
      const { openSync } = require('node:fs');
      import(${JSON.stringify(MUTED)}).then(({ withMutedStderr }) => {
        withMutedStderr(() => undefined);
        try { for (;;) openSync('/dev/null'); } catch {}
        ${PROGRAM}
      });
    `;
      const limited = ['-c', 'ulimit -n 64; "$0" -e "$1"', process.execPath, fill];
      const { stdout, stderr } = spawnSync('sh', limited, { encoding: 'utf8' });
      expect([stdout, stderr]).toEqual(['returned\n', 'before in thrown after ']);
    });
  },
);
