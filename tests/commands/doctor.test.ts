import { expect, it } from 'vitest';
import { kd } from '../cli.js';
import { parseLines } from './tiny.js';

interface Finding { readonly event: string; readonly name: string; readonly ok: boolean; readonly found: string; readonly remedy?: string }

it('the doctor tells what is installed, a line each', () => {
  const { code, stdout } = kd(['doctor']);
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => /^[✓✗] (\w+) +\S/.exec(line)?.[1])).toEqual(['Node', 'processor', 'memory', 'TensorFlow', 'GPU', 'speed', 'disk']);
  expect(lines[0]).toBe(`✓ Node        ${process.versions.node}`);
  expect(lines[5]).toMatch(/^✓ speed {7}\d+ GFLOP\/s in float32 products on (tensorflow|cpu)$/);
});

it('the doctor tells it as JSON, with a remedy for what is not well and only that', () => {
  const { code, stdout } = kd(['doctor', '--json']);
  expect(code).toBe(0);
  const findings = parseLines<Finding>(stdout);
  expect(findings).toHaveLength(7);
  for (const finding of findings) {
    expect(finding.event).toBe('finding');
    expect(finding.found).not.toBe('');
    if (finding.ok) expect(finding.remedy).toBeUndefined();
  }
});
