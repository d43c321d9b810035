import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { arch, availableParallelism, cpus, freemem, platform, totalmem } from 'node:os';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { processorFeatures } from '../engine/hardware.js';
import { readSetupStatus } from '../engine/setup-status.js';
import { loadBackend, type BackendInfo } from '../engine/tensorflow.js';
import { openOutput, type OutputOptions } from './console.js';
import { formatBytes } from './format.js';

/** One thing looked at. */
interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do, where it is not ok and something can be done. */
  readonly remedy?: string;
}

const OLDEST_NODE = [20, 19] as const;

/** Side of the square matrices whose product is timed, and how many are. */
const PRODUCT_SIZE = 1024;
const PRODUCT_ROUNDS = 5;

/** `kd doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what is installed, which device will be used, and why not a better one')
    .addHelpText('after', '\nExample:\n  $ kd doctor --json')
    .action(async (_flags: object, command: Command) => {
      const output = openOutput(command.optsWithGlobals<OutputOptions>());
      for (const finding of await examine()) output.result(asLine(finding), { event: 'finding', ...finding });
    });
}

async function examine(): Promise<Finding[]> {
  const backend = await loadBackend();
  return [
    nodeFinding(),
    machineFinding(),
    memoryFinding(),
    tensorflowFinding(backend),
    await gpuFinding(backend),
    await speedFinding(),
    await diskFinding(),
  ];
}

function asLine({ name, ok, found, remedy }: Finding): string {
  return `${ok ? '✓' : '✗'} ${name.padEnd(12)}${found}${remedy === undefined ? '' : `; ${remedy}`}`;
}

/** A finding that needs a remedy only where it is not ok. */
function check(name: string, ok: boolean, found: string, remedy: string): Finding {
  return ok ? { name, ok, found } : { name, ok, found, remedy };
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return check('Node', ok, process.versions.node, `install Node ${OLDEST_NODE.join('.')} or newer`);
}

function machineFinding(): Finding {
  const found = `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown processor'}${featureNote()}`;
  const ok = platform() === 'linux' && arch() === 'x64';
  return check('processor', ok, ok ? found : `${found}, ${platform()} ${arch()}`, 'TensorFlow is set up on Linux x64 only');
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
  return check('GPU', false, `${seen}, not used`, 'this libtensorflow is built for processors; set TF_LIBRARY_DIR to a GPU build and run `npm run setup`');
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
  return check('disk', free >= needed, `${formatBytes(free)} free here`, `a run with full-size models wants ${formatBytes(needed)}`);
}

/** ` (AVX-512, AMX BF16)`: what of wide and bfloat16 instructions the processor has. */
function featureNote(): string {
  const names = { avx512f: 'AVX-512', avx512_bf16: 'AVX-512 BF16', amx_bf16: 'AMX BF16' };
  const features = processorFeatures();
  const present = Object.entries(names).filter(([feature]) => features.has(feature)).map(([, name]) => name);
  return present.length === 0 ? '' : ` (${present.join(', ')})`;
}
