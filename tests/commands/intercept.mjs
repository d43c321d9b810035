/**
 * @file Loaded before the command (`node --import`): a call of `node:fs/promises` that names a certain path fails, or
 * is followed by a signal. `KD_INTERCEPT` says which, as `Interception` in `intercept.ts`. Saving a run's
 * last state is tried once.
 */
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

const sleep = timers.setTimeout;
timers.setTimeout = (milliseconds, ...rest) =>
  milliseconds >= 30_000 ? Promise.reject(new Error('no patience')) : sleep(milliseconds, ...rest);

const { call, path, after = 0, error, signal } = JSON.parse(process.env.KD_INTERCEPT);
const original = promises[call];
let isSent = false;
let met = 0;

promises[call] = async (...args) => {
  const isNamed = new RegExp(path).test(String(args[call === 'rename' ? 1 : 0])); // of a rename, the new name
  const isMeant = isNamed && ++met > after;
  if (isMeant && error !== undefined)
    throw Object.assign(new Error(`${error}: refused, ${call} '${args[0]}'`), { code: error, syscall: call });
  const result = await original(...args);
  if (isMeant && signal !== undefined && !isSent) {
    isSent = true;
    process.kill(process.pid, signal);
  }
  return result;
};
syncBuiltinESMExports();
