/** The columns of the terminal that standard output goes to; Infinity where it goes elsewhere. */
export function terminalColumns(): number {
  return process.stdout.isTTY ? process.stdout.columns || Infinity : Infinity; // 0 where the terminal does not say
}
