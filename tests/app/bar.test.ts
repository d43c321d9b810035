/** @file A bar on a terminal that is resized while it is shown: nothing of it must be left on the screen. */
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const OUTPUT = fileURLToPath(new URL('../../dist/app/output.js', import.meta.url));

/** Shows a bar at full width for a few seconds, with messages before, during and after. */
const SHOWS_A_BAR = `
import { openOutput } from '${OUTPUT}';
import { setTimeout } from 'node:timers/promises';
const output = openOutput({});
output.message('before');
const bar = output.progress('epoch 1/2', 99, 'steps');
for (let step = 1; step <= 99; step++) {
  if (step === 66) output.message('between');
  bar.update(step, ['loss_en 2.1481', 'loss_ko 2.1487', '0:01:05 left', '101 pairs/s']);
  await setTimeout(40);
}
bar.stop();
output.message('after');
`;

/**
 * Runs a command on a terminal that is resized at given moments, and prints its output: the width and the text written
 * at that width, one after the other.
 */
const RESIZES = `
import fcntl, json, os, pty, select, struct, sys, termios, time
moments, command = json.loads(sys.argv[1]), sys.argv[2:]
def resize(columns): fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
child, master = pty.fork()
if child == 0:
    time.sleep(0.2)
    os.execv(command[0], command)
began, came = None, []
_, columns = moments.pop(0)
resize(columns)
came.append([columns, ''])
while True:
    if not select.select([master], [], [], 0.02)[0]:
        # between two drawings, so that what comes next is drawn for the new width
        if began is not None and moments and time.monotonic() - began >= moments[0][0]:
            _, columns = moments.pop(0)
            resize(columns)
            came.append([columns, ''])
        continue
    try: said = os.read(master, 65536)
    except OSError: break
    if not said: break
    if began is None: began = time.monotonic()
    came[-1][1] += said.decode('latin-1')
os.waitpid(child, 0)
print(json.dumps(came))
`;

/**
 * Emulates the screen of a terminal that rewraps lines when resized, as most do: lines may be longer than the screen is
 * wide, and the cursor stays at its character when the width changes.
 */
class Screen {
  readonly lines = [''];
  private line = 0;
  private at = 0;
  private wraps = true;

  constructor(public columns: number) {}

  write(text: string): void {
    // oxlint-disable-next-line no-control-regex -- control sequences
    for (const [part] of text.matchAll(/\u001b\[[?\d;]*[A-Za-z]|\u001b[78]|[^]/g)) this.take(part);
  }

  private take(part: string): void {
    if (part === '\n') this.next();
    else if (part === '\r' || part === '\u001b[1G') this.at -= this.at % this.columns;
    else if (part === '\u001b[J') this.clearDown();
    else if (part === '\u001b[0K' || part === '\u001b[2K') this.clearRow(part === '\u001b[2K');
    else if (part === '\u001b[?7l' || part === '\u001b[?7h') this.wraps = part.endsWith('h');
    else if (part.startsWith('\u001b')) throw new Error(`a terminal was told ${JSON.stringify(part)}`);
    else this.put(part);
  }

  private next(): void {
    this.line++;
    this.at = 0;
    this.lines[this.line] ??= '';
  }

  private put(character: string): void {
    if (!this.wraps && this.at % this.columns === this.columns - 1) return; // its last column is enough to see
    const padded = this.lines[this.line].padEnd(this.at);
    this.lines[this.line] = padded.slice(0, this.at) + character + padded.slice(this.at + 1);
    this.at++;
  }

  private clearDown(): void {
    this.lines[this.line] = this.lines[this.line].slice(0, this.at);
    this.lines.length = this.line + 1;
  }

  private clearRow(whole: boolean): void {
    const row = this.at - (this.at % this.columns);
    const line = this.lines[this.line];
    const [from, to] = [whole ? row : this.at, row + this.columns];
    this.lines[this.line] = (line.slice(0, from).padEnd(to) + line.slice(to)).trimEnd();
  }
}

const hasPython = spawnSync('python3', ['--version']).status === 0;

it.skipIf(!hasPython).concurrent.each([
  ['narrower', [100, 40]],
  ['narrower twice, then wider', [120, 70, 30, 100]],
])('a terminal that becomes %s shows only the messages in the end', async (_, widths) => {
  const moments = widths.map((columns, i) => [1.3 + 0.7 * (i - 1), columns]);
  const command = [process.execPath, '--input-type=module', '--eval', SHOWS_A_BAR];
  const python = ['-c', RESIZES, JSON.stringify(moments), ...command];
  const { stdout, stderr } = await promisify(execFile)('python3', python, { maxBuffer: 2 ** 24 });
  expect(stderr).toBe('');
  const came = JSON.parse(stdout) as [number, string][];
  const screen = new Screen(widths[0]);
  const bars: string[] = [];
  for (const [columns, text] of came) {
    screen.columns = columns;
    for (const piece of Buffer.from(text, 'latin1')
      .toString('utf8')
      .split(/(?=\r)/)) {
      screen.write(piece);
      bars.push(...screen.lines.filter((line) => line.startsWith('epoch')));
    }
  }
  expect(came.map(([columns]) => columns)).toEqual(widths);
  expect(bars.length).toBeGreaterThan(20);
  expect(screen.lines.map((line) => line.trimEnd())).toEqual(['before', 'between', 'after', '']);
});
