/** @file The terminal that a progress bar is drawn on. It may be resized at any moment. */

const ESCAPE = '\u001b[';

/** Clears from the cursor to the end of the screen. */
const CLEAR = `${ESCAPE}J`;

/** Written around a line that must not wrap, even if the terminal has just become narrower. */
const [WITHOUT_WRAP, WITH_WRAP] = [`${ESCAPE}?7l`, `${ESCAPE}?7h`];

/**
 * Replaces the terminal class of cli-progress, which breaks when the terminal is resized: many terminals then wrap a
 * line that has become too long, and move the cursor with the text. Here the cursor stays at the beginning of the bar
 * and everything below is cleared, so that nothing is left of a wrapped bar. The cursor position is never saved, since
 * a resize would invalidate it.
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
    this.stream.write('\r'); // only ever called for the beginning of the line
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

  // oxlint-disable-next-line typescript/no-empty-function -- see above
  cursorSave(): void {}

  // oxlint-disable-next-line typescript/no-empty-function -- see above
  cursorRestore(): void {}
}
