import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { learningRateAt } from '../../src/distill/schedule.js';
import { PARITY } from '../fixtures/index.js';

interface Recorded {
  readonly steps: number;
  readonly learning_rate: number;
  readonly warmup_ratio: number;
  readonly log: { step: number; lr: number }[];
}

describe('the learning rate', () => {
  it("equals PyTorch's at every step, with a warm-up that ends between two steps", () => {
    const {
      steps,
      learning_rate: peak,
      warmup_ratio: warmupRatio,
      log,
    } = JSON.parse(readFileSync(join(PARITY, 'train/roberta-hidden.json'), 'utf8')) as Recorded;
    expect(log).toHaveLength(24);
    for (const { step, lr } of log)
      expect(Math.abs(learningRateAt({ peak, totalSteps: steps, warmupRatio }, step) - lr)).toBeLessThan(1e-12);
  });

  it('starts at 0, peaks after the warm-up and ends near 0', () => {
    const rates = Array.from({ length: 100 }, (_, i) =>
      learningRateAt({ peak: 1, totalSteps: 100, warmupRatio: 0.1 }, i + 1),
    );
    expect(rates[0]).toBe(0);
    expect(Math.max(...rates)).toBe(1);
    expect(rates.indexOf(1)).toBe(10);
    expect(rates[99]).toBeLessThan(1e-3);
  });

  it('starts at its peak without a warm-up, and never divides by zero when all is warm-up', () => {
    expect(learningRateAt({ peak: 3, totalSteps: 10, warmupRatio: 0 }, 1)).toBe(3);
    expect(learningRateAt({ peak: 3, totalSteps: 10, warmupRatio: 1 }, 10)).toBeCloseTo(2.7, 12);
    expect(learningRateAt({ peak: 3, totalSteps: 1, warmupRatio: 0.1 }, 1)).toBe(0);
  });
});
