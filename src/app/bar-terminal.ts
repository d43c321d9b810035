/** @file The terminal under a bar, which its user may resize at any moment. */

const ESCAPE = '\u001b[';

/** Clears from the cursor to the end of the screen. */
const CLEAR = `${ESCAPE}J`;

/** Around what must not wrap, should the terminal be narrower than this process knows yet. */
const [WITHOUT_WRAP, WITH_WRAP] = [`${ESCAPE}?7l`, `${ESCAPE}?7h`];

/**
 * What cli-progress needs of a terminal, in place of its own, which breaks where the terminal is resized. Many
 * terminals then wrap a line that has become too long, and move the cursor with the text under it. Here the cursor
 * waits at the beginning of the bar and all below is cleared, so that nothing of a wrapped bar is left; and no place is
 * remembered to come back to, which would be another after a resize.
 */
export class BarTerminal {
  constructor(private readonly stream: NodeJS.WriteStream) {}

  isTTY(): boolean {
    return this.stream.isTTY;
  }

  getWidth(): number {
    return this.stream.columns || 80;
  }

  cursorTo(): void {
    this.stream.write('\r'); // it is only ever the beginning of the line
  }

  write(line: string): void {
    this.stream.write(`${WITHOUT_WRAP}${line}${WITH_WRAP}`);
  }

  clearRight(): void {
    this.stream.write(`${CLEAR}\r`);
  }

  clearLine(): void {
    this.stream.write(CLEAR);
  }

  newline(): void {
    this.stream.write('\n');
  }

  // eslint-disable-next-line @typescript-eslint/no-empty-function -- see above
  cursorSave(): void {}

  // eslint-disable-next-line @typescript-eslint/no-empty-function -- see above
  cursorRestore(): void {}
}
