/**
 * Runs a command that must not outlive set-up: `node supervisor.mjs <command> <arguments>`, as the leader of a process
 * group, with a pipe from set-up as standard input and set-up's lock as descriptor 3. However set-up ends, by SIGKILL,
 * too, its end of the pipe is closed; then the whole group is killed, and the lock is free. Otherwise this process ends
 * as the command does.
 */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { NOT_FOUND } from './processes.mjs';

const [command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'inherit'] });
process.stdin.once('close', () => process.kill(-process.pid, 'SIGKILL')).resume();
child.once('error', (error) => {
  writeSync(2, error.message);
  process.exit(NOT_FOUND);
});
child.once('exit', (status, signal) => {
  if (signal !== null) process.kill(process.pid, signal);
  process.exit(status ?? 128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)]);
});
