/** @file A reporter that falls silent when a signal is aborted. */
import { expect, it } from 'vitest';
import { reporterUntil } from '../../src/app/reporter.js';
import { reporterTo } from '../reporter.js';

it('passes on everything until the signal is aborted, which stops its progress; then nothing', () => {
  const said: unknown[] = [];
  const end = new AbortController();
  const until = reporterUntil(end.signal, reporterTo(said));
  const sayAll = (): void => {
    until.message('message');
    until.warn('warning');
    until.event({ event: 'event' });
  };
  const over = until.progress('over', 2, 'rows');
  over.update(1);
  over.stop();
  const reading = until.progress('reading', 2, 'rows');
  sayAll();
  const before = [['over', 1], ['over', 'stopped'], 'message', 'warning: warning', { event: 'event' }];
  expect(said).toEqual(before);
  end.abort();
  sayAll();
  reading.update(2);
  reading.stop();
  until.progress('late', 2, 'rows').update(1);
  expect(said).toEqual([...before, ['reading', 'stopped']]);
});
