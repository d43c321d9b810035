import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { arch, availableParallelism, cpus, freemem, platform, totalmem } from 'node:os';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { readSetupStatus } from '../engine/setup-status.js';
import { loadBackend, type BackendInfo } from '../engine/tensorflow.js';
import { formatBytes, openOutput, type OutputOptions } from './console.js';
import { addOutputFlags } from './output-flags.js';

/** One thing looked at. */
interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do where it is not ok. */
  readonly remedy?: string | undefined;
}

const OLDEST_NODE = [20, 19] as const;

/** Side of the square matrices whose product is timed, and how many are. */
const PRODUCT_SIZE = 1024;
const PRODUCT_ROUNDS = 5;

/** `kd doctor` */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('what is installed, which device will be used, and why not a better one')
    .addHelpText('after', '\nExample:\n  $ kd doctor --json');
  return addOutputFlags(command).action(async (flags: OutputOptions) => {
    const output = openOutput(flags);
    const findings = await examine();
    if (output.json) for (const finding of findings) output.event(finding);
    else output.result(findings.map(asLine).join('\n'), {});
  });
}

async function examine(): Promise<Finding[]> {
  const backend = await loadBackend();
  return [
    nodeFinding(),
    machineFinding(await cpuFeatures()),
    memoryFinding(),
    tensorflowFinding(backend),
    await gpuFinding(backend),
    await speedFinding(),
    await diskFinding(),
  ];
}

function asLine({ name, ok, found, remedy }: Finding): string {
  return `${ok ? '✓' : '✗'} ${name.padEnd(12)}${found}${ok || remedy === undefined ? '' : `; ${remedy}`}`;
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return { name: 'Node', ok, found: process.versions.node, remedy: `install Node ${OLDEST_NODE.join('.')} or newer` };
}

function machineFinding(features: string): Finding {
  const found = `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown processor'}${features}`;
  const ok = platform() === 'linux' && arch() === 'x64';
  return { name: 'processor', ok, found: ok ? found : `${found}, ${platform()} ${arch()}`, remedy: 'TensorFlow is set up on Linux x64 only' };
}

function memoryFinding(): Finding {
  return { name: 'memory', ok: true, found: `${formatBytes(freemem())} free of ${formatBytes(totalmem())}` };
}

function tensorflowFinding({ backend, version, reason }: BackendInfo): Finding {
  const path = readSetupStatus()?.libtensorflow?.path;
  const found = backend === 'tensorflow' ? `${version ?? 'of unknown version'}${path === undefined ? '' : `, ${path}`}` : (reason ?? 'not there');
  return { name: 'TensorFlow', ok: backend === 'tensorflow', found };
}

/** Whether a GPU is in the machine, and whether TensorFlow uses it. */
async function gpuFinding({ device }: BackendInfo): Promise<Finding> {
  const query = ['--query-gpu=name,driver_version,memory.total,compute_cap', '--format=csv,noheader'];
  const seen = await promisify(execFile)('nvidia-smi', query).then(({ stdout }) => stdout.trim().split('\n').join(' | '), () => undefined);
  if (device === 'gpu') return { name: 'GPU', ok: true, found: seen ?? 'used by TensorFlow' };
  if (seen === undefined) return { name: 'GPU', ok: true, found: 'none seen (no nvidia-smi): the processor computes' };
  return { name: 'GPU', ok: false, found: `${seen}, not used`, remedy: 'this libtensorflow is built for processors; set TF_LIBRARY_DIR to a GPU build and run `npm run setup`' };
}

/** Times float32 products where training would compute them. */
async function speedFinding(): Promise<Finding> {
  const matrix = tf.randomUniform<tf.Rank.R2>([PRODUCT_SIZE, PRODUCT_SIZE]);
  const rounds = tf.getBackend() === 'tensorflow' ? PRODUCT_ROUNDS : 1;
  const multiply = async (): Promise<void> => {
    const product = tf.matMul(matrix, matrix);
    await product.data();
    product.dispose();
  };
  await multiply(); // the first one warms up
  const started = performance.now();
  for (let round = 0; round < rounds; round++) await multiply();
  const seconds = (performance.now() - started) / 1000;
  matrix.dispose();
  const gigaflops = (2 * PRODUCT_SIZE ** 3 * rounds) / seconds / 1e9;
  return { name: 'speed', ok: true, found: `${Math.round(gigaflops)} GFLOP/s in float32 products on ${tf.getBackend()}` };
}

async function diskFinding(): Promise<Finding> {
  const { bavail, bsize } = await statfs('.');
  const free = bavail * bsize;
  const needed = 5e9; // a few checkpoints of klue/roberta-small
  return { name: 'disk', ok: free >= needed, found: `${formatBytes(free)} free here`, remedy: `a run with full-size models wants ${formatBytes(needed)}` };
}

/** What of bfloat16 the processor has, from Linux's own list. */
async function cpuFeatures(): Promise<string> {
  const info = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const flags = new Set(/^flags\s*:(.*)$/m.exec(info)?.[1]?.trim().split(' '));
  const names = { avx512f: 'AVX-512', avx512_bf16: 'AVX-512 BF16', amx_bf16: 'AMX BF16' };
  const present = Object.entries(names).filter(([flag]) => flags.has(flag)).map(([, name]) => name);
  return present.length === 0 ? '' : ` (${present.join(', ')})`;
}
