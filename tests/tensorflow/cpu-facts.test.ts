import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cpuFacts } from '../../src/tensorflow/cpu-facts.js';

const MODULE = join(import.meta.dirname, '../../dist/tensorflow/cpu-facts.js');

it('names the CPU, its instructions and the threads for an op', () => {
  const { cpu, instructions, threads, ...more } = cpuFacts({});
  expect([cpu, instructions]).toEqual([expect.stringMatching(/./), expect.any(String)]);
  expect(Number(threads)).toBeGreaterThan(0);
  expect(more).toEqual({});
  expect(cpuFacts({ TF_NUM_INTRAOP_THREADS: '0' }).threads).toBe(threads); // TensorFlow chooses
});

it('names what a user has set, and not what this program sets', () => {
  const { threads, ...facts } = cpuFacts({ TF_NUM_INTRAOP_THREADS: '3', ONEDNN_MAX_CPU_ISA: 'AVX2' });
  expect([threads, facts.ONEDNN_MAX_CPU_ISA]).toEqual(['3', 'AVX2']);
  expect(cpuFacts({ TF_ENABLE_ONEDNN_OPTS: '1' })).not.toHaveProperty('TF_ENABLE_ONEDNN_OPTS');
  expect(cpuFacts({ TF_ENABLE_ONEDNN_OPTS: '0' })).toMatchObject({ TF_ENABLE_ONEDNN_OPTS: '0' });
});

it.skipIf(spawnSync('taskset', ['--version']).status !== 0)('counts the cores that the process may use', () => {
  const script = `import { cpuFacts } from ${JSON.stringify(MODULE)}; console.log(cpuFacts({}).threads);`;
  const node = [process.execPath, '--input-type=module', '--eval', script];
  expect(execFileSync('taskset', ['-c', '0', ...node], { encoding: 'utf8' })).toBe('1\n');
});
