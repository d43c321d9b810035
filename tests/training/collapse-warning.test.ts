import { expect, it } from 'vitest';
import { collapseWarning } from '../../src/training/recording.js';
import { keepingReporter } from '../reporter.js';

it('warns of a collapsed student once, and again only after it had recovered; never during warm-up', () => {
  const reporter = keepingReporter();
  const warn = collapseWarning(reporter);
  const measure = (step: number, variance: number, counts = true): void => {
    const student = { variance, similarity: 0.99994 };
    warn({ step, epoch: 1, student, teacher: { variance: 0.331, similarity: 0.6 } }, counts);
  };
  measure(100, 1.234e-9, false);
  measure(200, 0.1);
  expect(reporter.warnings).toEqual([]);
  measure(300, 1.234e-9);
  measure(400, 1.234e-9);
  expect(reporter.warnings).toEqual([
    'step 300: the student gives nearly the same output for every sentence: its outputs vary by 1.23e-9 over a ' +
      "batch, the teacher's by 0.331; mean similarity 0.9999, the teacher's 0.6000; try a lower --learning-rate",
  ]);
  measure(500, 0.1);
  measure(600, 1.234e-9);
  expect(reporter.warnings).toHaveLength(2);
});
