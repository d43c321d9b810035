/** @file Where words go: messages and progress to standard error, results to standard output. */
import { SingleBar } from 'cli-progress';

/** The flags that every command has. */
export interface OutputOptions {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export interface Output {
  readonly json: boolean;
  /** What happens, for a person. Silent with `--quiet`. */
  message(text: string): void;
  /** What a person should know even with `--quiet`: standard error. */
  warn(text: string): void;
  /** A result: the text, or with `--json` the object on one line. */
  result(text: string, object: object): void;
  /** With `--json` one line on standard output; else nothing. */
  event(object: object): void;
  /** A progress bar, gone when stopped; with an unknown total (Infinity) a count. */
  progress(title: string, total: number, unit: string): Progress;
}

export interface Progress {
  /** How far it is, and what to say beside the bar. */
  update(value: number, note?: string): void;
  stop(): void;
}

/** Without a terminal a line of progress now and then takes the bar's place. */
const PLAIN_INTERVAL_MS = 10_000;

/** A bar shows only what takes longer than this. */
const BAR_DELAY_MS = 1_000;

/** The console of a command. */
export function openOutput({ quiet = false, json = false }: OutputOptions): Output {
  const toError = (text: string): void => { process.stderr.write(`${text}\n`); };
  const toResult = (text: string): void => { process.stdout.write(`${text}\n`); };
  return {
    json,
    message: (text) => { if (!quiet) toError(text); },
    warn: (text) => { toError(`warning: ${text}`); },
    result: (text, object) => { toResult(json ? JSON.stringify(object) : text); },
    event: (object) => { if (json) toResult(JSON.stringify(object)); },
    progress: (title, total, unit) => (quiet ? SILENT : process.stderr.isTTY ? bar(title, total, unit) : lines(title, total, unit, toError)),
  };
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined };

function bar(title: string, total: number, unit: string): Progress {
  const started = performance.now();
  let shown: SingleBar | undefined;
  return {
    update(value, note) {
      if (shown === undefined && performance.now() - started < BAR_DELAY_MS) return;
      const payload = { note: note ?? paceNote(started, value, total) };
      if (shown === undefined) {
        const amount = total === Infinity ? `{value} ${unit}` : `[{bar}] {value}/{total} ${unit}`;
        shown = new SingleBar({ format: `${title} ${amount}  {note}`, stream: process.stderr, barsize: 24, hideCursor: true, clearOnComplete: true, fps: 8, barCompleteChar: '█', barIncompleteChar: '░' });
        shown.start(total, value, payload);
      } else {
        shown.update(value, payload);
      }
    },
    stop: () => { shown?.stop(); },
  };
}

function lines(title: string, total: number, unit: string, write: (text: string) => void): Progress {
  const started = performance.now();
  let last = started;
  return {
    update(value, note) {
      const now = performance.now();
      if (now - last < PLAIN_INTERVAL_MS) return;
      last = now;
      write(`${title}: ${total === Infinity ? value : `${value}/${total}`} ${unit}  ${note ?? paceNote(started, value, total)}`);
    },
    stop: () => undefined,
  };
}

/** `1,234/s  0:00:12 left` */
function paceNote(started: number, value: number, total: number): string {
  const seconds = (performance.now() - started) / 1000;
  const rate = value / Math.max(seconds, 1e-3);
  const pace = `${formatRate(rate)}/s`;
  return total === Infinity ? pace : `${pace}  ${formatDuration((total - value) / Math.max(rate, 1e-9))} left`;
}

/** A rate with three digits that count: `9,120`, `101`, `14.4`, `0.31`. */
export function formatRate(rate: number): string {
  const digits = rate >= 100 ? 0 : rate >= 10 ? 1 : 2;
  return rate.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Seconds as `0:01:05`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.round(seconds);
  const digits = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${digits(Math.floor(whole / 60) % 60)}:${digits(whole % 60)}`;
}

/** Bytes as `1.9 GB`, `460 kB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** A whole number with its thousands apart: `123,060,480`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}
