/** The width of the terminal that standard output is connected to, in columns; Infinity if it is not a terminal. */
export function terminalColumns(): number {
  return process.stdout.isTTY ? process.stdout.columns || Infinity : Infinity; // 0 if the terminal does not report it
}
