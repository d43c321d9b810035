import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/app/doctor/finding.js';
import { examine } from '../../src/app/doctor/findings.js';
import type { MachineFacts } from '../../src/app/doctor/machine-facts.js';
import type { TensorflowReport } from '../../src/app/doctor/probe.js';
import type { DeviceChoice } from '../../src/tensorflow/device-choice.js';
import { cpuFeatures } from '../../src/tensorflow/hardware.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { kd } from '../cli.js';
import { CUDA_FILES, fakeMachine, GPU_SETUP, H100, RTX_3060, type Fake } from '../tensorflow/fake-machine.js';
import { parseLines } from './tiny.js';

const GPU = {
  index: 0,
  uuid: 'GPU-1111',
  name: 'NVIDIA H100 80GB HBM3',
  totalBytes: 8e10,
  freeBytes: 8e10,
  usableBytes: 7.8e10,
  capability: 9,
};
const ON_GPU: TensorflowReport = {
  backend: { backend: 'tensorflow', version: '2.21.0', device: 'gpu', gpu: GPU },
  rates: { float32: 51e12, bfloat16: 612e12 },
};
const ON_CPU: TensorflowReport = {
  backend: { backend: 'tensorflow', version: '2.21.0', device: 'cpu' },
  rates: { float32: 3.3e11, bfloat16: 1.24e12 },
};

/** A machine with an H100 on which all is well, but for `changes`. */
function fakeMachineFacts(changes: Partial<MachineFacts> = {}, fake: Fake = {}): MachineFacts {
  return {
    ...fakeMachine(fake),
    node: '22.11.0',
    platform: 'linux',
    arch: 'x64',
    cpu: { name: 'a CPU', cores: 16, features: new Set(['avx512f']) },
    memory: { free: 1e11, total: 1.28e11 },
    openFiles: 1024,
    freeDisk: () => Promise.resolve(6e10),
    reachHub: () => Promise.resolve({ address: 'https://hub.example', milliseconds: 40 }),
    loadTensorflow: ({ tf32 }) =>
      Promise.resolve(tf32 ? { ...ON_GPU, rates: { float32: 390e12, bfloat16: 612e12 } } : ON_GPU),
    ...changes,
  };
}

async function findingsOf(machine: MachineFacts, device: DeviceChoice = 'auto'): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of examine(machine, device)) findings.push(finding);
  return findings;
}

const ailmentsOf = async (machine: MachineFacts, device?: DeviceChoice) =>
  (await findingsOf(machine, device)).filter(({ ok }) => !ok);
const without = (name: string): Fake => ({ files: CUDA_FILES.filter((path) => !path.endsWith(name)) });
const onCpu = (reason: string, setup = GPU_SETUP): [Partial<MachineFacts>, Fake] => [
  { loadTensorflow: () => Promise.resolve({ ...ON_CPU, backend: { ...ON_CPU.backend, reason } }) },
  { setup },
];

describe('the doctor, on a machine with a GPU', () => {
  it("shows driver, GPUs, every library, TensorFlow's report and the speed of matrix products", async () => {
    const findings = await findingsOf(fakeMachineFacts({}, { smi: `${H100}\n${RTX_3060}` }));
    expect(findings.filter(({ name }) => name !== 'CUDA')).toEqual([
      { name: 'Node', ok: true, found: '22.11.0' },
      { name: 'CPU', ok: true, found: '16 cores, a CPU (AVX-512)' },
      { name: 'memory', ok: true, found: '100 GB free of 128 GB' },
      { name: 'disk', ok: true, found: '60.0 GB free here' },
      { name: 'network', ok: true, found: 'hub.example answers in 40 ms' },
      { name: 'driver', ok: true, found: 'NVIDIA 575.57.08' },
      {
        name: 'GPU 0',
        ok: true,
        found:
          'NVIDIA H100 80GB HBM3, 84.9 GB free of 85.5 GB, compute capability 9.0, for which the driver compiles kernels at first use',
      },
      { name: 'GPU 1', ok: true, found: 'NVIDIA GeForce RTX 3060, 11.5 GB free of 12.9 GB, compute capability 8.6' },
      { name: 'device', ok: true, found: 'auto: CUDA_VISIBLE_DEVICES=0' },
      { name: 'TensorFlow', ok: true, found: '2.21.0, /cache/tensorflow/lib' },
      { name: 'device', ok: true, found: 'NVIDIA H100 80GB HBM3 with 78.0 GB for tensors, TensorFlow reports' },
      {
        name: 'matmul',
        ok: true,
        found:
          'ran on the GPU: 51.0 TFLOP/s in float32, 390 TFLOP/s in TF32, 612 TFLOP/s in bfloat16; ' +
          '--precision auto takes bf16 for large models',
      },
    ]);
    expect(findings.filter(({ name }) => name === 'CUDA').map(({ found }) => found)).toEqual(
      CUDA_FILES.map(
        (path) => `${path.slice('/cache/nvidia/'.length)}${/lib\w+\.so/.test(path) ? '' : ' (XLA)'} 12.9.1, ${path}`,
      ),
    );
  });

  it.each<[string, Partial<MachineFacts>, Fake, DeviceChoice, Partial<Finding>]>([
    [
      'a TensorFlow that hangs',
      { loadTensorflow: () => Promise.resolve('no answer within 900 s') },
      {},
      'auto',
      { name: 'TensorFlow', found: 'it gives no answer within 900 s' },
    ],
    [
      'an old Node',
      { node: '20.18.3' },
      {},
      'auto',
      { name: 'Node', found: '20.18.3', remedy: 'install Node 20.19 or newer' },
    ],
    [
      'another system',
      { platform: 'darwin', arch: 'arm64' },
      {},
      'auto',
      { name: 'CPU', found: '16 cores, a CPU (AVX-512), darwin arm64' },
    ],
    [
      'a full disk',
      { freeDisk: () => Promise.resolve(1e9) },
      {},
      'auto',
      { name: 'disk', remedy: 'free some space: a run with full-size models needs 5.0 GB' },
    ],
    [
      'no network',
      { reachHub: () => Promise.resolve({ address: 'https://hub.example', failure: 'getaddrinfo ENOTFOUND' }) },
      {},
      'auto',
      { name: 'network', found: 'hub.example cannot be reached (getaddrinfo ENOTFOUND)' },
    ],
    [
      'a library that is missing',
      {},
      without('libcudnn.so.9'),
      'auto',
      {
        name: 'CUDA',
        found: 'libcudnn.so.9 is missing',
        remedy: 'run `npm run setup`, which downloads what is missing',
      },
    ],
    ['a tool of XLA that is missing', {}, without('ptxas'), 'auto', { name: 'CUDA', found: 'ptxas (XLA) is missing' }],
    [
      'an old card',
      {},
      { smi: H100.replace('9.0', '5.0') },
      'auto',
      { name: 'GPU 0', found: expect.stringContaining('compute capability 5.0') as string },
    ],
    [
      'a full card',
      {},
      { smi: H100.replace('81000', '100') },
      'auto',
      {
        name: 'GPU 0',
        found: 'GPU 0 (NVIDIA H100 80GB HBM3) has 0.1 GB of 85.5 GB free, and nothing runs in less than 1.0 GB',
      },
    ],
    [
      'an old driver',
      {},
      { smi: H100.replace('575.57.08', '470.1') },
      'auto',
      { name: 'driver', remedy: 'update the driver' },
    ],
    [
      'a GPU that is not there',
      {},
      {},
      'gpu:3',
      { name: 'device', found: 'there is no GPU 3; there is 1', remedy: 'take --device gpu:0' },
    ],
    [
      'the CPU build',
      {},
      { setup: { backend: 'tensorflow', device: 'cpu' } },
      'auto',
      { name: 'build', remedy: 'run `npm run setup`, which finds the GPU' },
    ],
    [
      'a TensorFlow that dies',
      { loadTensorflow: () => Promise.resolve('Illegal instruction') },
      {},
      'auto',
      { name: 'TensorFlow', found: 'it crashes when it is loaded (Illegal instruction)' },
    ],
    [
      'a TensorFlow that takes no GPU',
      ...onCpu('no GPU (TensorFlow uses none): computing on the CPU; look'),
      'auto',
      { name: 'device', found: 'no GPU (TensorFlow uses none): computing on the CPU', remedy: 'look' },
    ],
    [
      'products that do not run',
      { loadTensorflow: () => Promise.resolve({ backend: ON_GPU.backend, failure: 'CUBLAS_STATUS_NOT_INITIALIZED' }) },
      {},
      'auto',
      { name: 'matmul', found: 'none ran on the gpu (CUBLAS_STATUS_NOT_INITIALIZED)' },
    ],
    [
      'no TensorFlow',
      {
        loadTensorflow: () =>
          Promise.resolve({
            backend: { backend: 'cpu', device: 'cpu', reason: 'no TensorFlow (no Python): slow; install it' },
          }),
      },
      {},
      'cpu',
      { name: 'TensorFlow', found: 'no TensorFlow (no Python): slow', remedy: 'install it' },
    ],
  ])('says what to do about %s', async (_, changes, fake, device, expected) => {
    const ailments = await ailmentsOf(fakeMachineFacts(changes, fake), device);
    expect(ailments).toContainEqual(expect.objectContaining({ ok: false, ...expected }));
    for (const { found, remedy } of ailments) expect(`${found}; ${remedy ?? ''}`).toMatch(/^[^\n]+; [^\n]+$/);
  });

  it('does not ask about TF32 if the card lacks it', async () => {
    const turing: TensorflowReport = { ...ON_GPU, backend: { ...ON_GPU.backend, gpu: { ...GPU, capability: 7.5 } } };
    const findings = await findingsOf(fakeMachineFacts({ loadTensorflow: () => Promise.resolve(turing) }));
    expect(findings.at(-1)?.found).toBe(
      'ran on the GPU: 51.0 TFLOP/s in float32, 612 TFLOP/s in bfloat16; --precision auto takes fp32 for large models',
    );
  });
});

describe('the doctor, on a machine without a GPU', () => {
  const cpuOnly: Fake = {
    smi: '',
    dev: [],
    setup: { backend: 'tensorflow', device: 'cpu', libtensorflow: { version: '2.21.0', path: '/lib' } },
  };

  it('reports no problem, and ignores CUDA', async () => {
    const findings = await findingsOf(fakeMachineFacts({ loadTensorflow: () => Promise.resolve(ON_CPU) }, cpuOnly));
    expect(findings.every(({ ok }) => ok)).toBe(true);
    expect(findings.map(({ name }) => name)).toEqual([
      'Node',
      'CPU',
      'memory',
      'disk',
      'network',
      'TensorFlow',
      'device',
      'matmul',
    ]);
    expect(findings.slice(-2).map(({ found }) => found)).toEqual([
      'the CPU (no NVIDIA GPU found)',
      'ran on the CPU: 330 GFLOP/s in float32, 1.2 TFLOP/s in bfloat16; ' +
        '--precision auto takes fp32 for large models', // which has no instructions for it
    ]);
  });

  it('explains why there is none if one is requested', async () => {
    const ailments = await ailmentsOf(
      fakeMachineFacts({ loadTensorflow: () => Promise.resolve(ON_CPU) }, cpuOnly),
      'gpu',
    );
    expect(ailments[0]).toEqual({
      name: 'driver',
      ok: false,
      found: 'no NVIDIA GPU was found',
      remedy: "install NVIDIA's driver; a container needs --gpus all",
    });
  });
});

describe('kd doctor', () => {
  const NAMES = ['Node', 'CPU', 'memory', 'disk', 'network', 'TensorFlow', 'device'];

  it('prints a line per finding', () => {
    const { code, stdout } = kd(['doctor', '--device', 'cpu']);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => /^[✓✗] (\w+) +\S/.exec(line)?.[1]).slice(0, NAMES.length)).toEqual(NAMES);
    expect(lines[0]).toBe(`✓ Node        ${process.versions.node}`);
  });

  it.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('shows what TensorFlow says, if asked', () => {
    const said = (level?: string) =>
      kd(['doctor', '--device', 'cpu'], level === undefined ? {} : { env: { TF_CPP_MIN_LOG_LEVEL: level } }).stderr;
    expect(said('0')).toContain('This TensorFlow binary is optimized');
    expect(said()).toBe('');
  });

  it('prints JSON, with a remedy only for problems', () => {
    const { code, stdout } = kd(['doctor', '--json']);
    expect(code).toBe(0);
    const findings = parseLines<Finding & { event: string }>(stdout);
    for (const finding of findings) {
      expect(finding.event).toBe('finding');
      expect(finding.found).not.toBe('');
      expect(finding.remedy === undefined).toBe(finding.ok);
    }
    const tensorflow = findings.find(({ name }) => name === 'TensorFlow')!;
    const products = findings.find(({ name }) => name === 'matmul');
    if (tensorflow.ok)
      expect(products?.found).toMatch(
        /^ran on the (GPU|CPU): [\d.]+ [GT]FLOP\/s in float32(, .*[GT]FLOP\/s in bfloat16|; none in bfloat16, .*); --precision auto takes (bf16|fp32) for large models$/,
      );
    else expect(products).toBeUndefined();
  });

  const aborts = BACKENDS_UNDER_TEST.includes('tensorflow') && cpuFeatures().has('avx512f');
  it.runIf(aborts)('skips matrix products for which oneDNN is disabled, since they would abort', () => {
    const env = { ONEDNN_MAX_CPU_ISA: 'AVX2', TF_ENABLE_ONEDNN_OPTS: '1' };
    const { code, stdout } = kd(['doctor', '--device', 'cpu', '--json'], { env });
    expect(code).toBe(0);
    const findings = parseLines<Finding>(stdout);
    const tensorflow = findings.find(({ name }) => name === 'TensorFlow')!;
    const products = findings.find(({ name }) => name === 'matmul');
    expect(tensorflow.ok).toBe(true);
    expect(products?.found).toMatch(
      /^ran on the CPU: \d+ GFLOP\/s in float32; none in bfloat16, which ONEDNN_MAX_CPU_ISA=AVX2 keeps oneDNN from using; --precision auto takes fp32 for large models$/,
    );
  });
});
