/** Whether a bar can be drawn on standard error: it is a terminal, and one that can move its cursor. */
export function canDrawBar(): boolean {
  return process.stderr.isTTY && process.env.TERM !== 'dumb';
}

/** The width of the terminal that standard output is connected to, in columns; Infinity if it is not a terminal. */
export function terminalColumns(): number {
  return process.stdout.isTTY ? process.stdout.columns || Infinity : Infinity; // 0 if the terminal does not report it
}
