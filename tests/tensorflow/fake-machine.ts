import type { DriverReport } from '../../src/tensorflow/driver-addon.js';
import type { Machine, ProgramResult } from '../../src/tensorflow/machine.js';
import type { SetupStatus } from '../../src/tensorflow/setup-status.js';
import { GPU_LIBRARIES, XLA_FILES } from '../../src/tensorflow/cuda-libraries.js';

/** The properties of a fake machine. */
export interface Fake {
  /** What `nvidia-smi` prints for the requested fields, one line per GPU; a number is an exit status without output. */
  readonly smi?: string | { readonly status: number; readonly stdout: string };
  /** What it prints without arguments, and with `--list-gpus`. */
  readonly summary?: string;
  readonly list?: string;
  readonly ldconfig?: string;
  /** What CUDA says of the driver; by default nothing. A function is given the GPUs asked about. */
  readonly driver?: DriverReport | ((visible: string | undefined) => DriverReport | undefined);
  readonly files?: readonly string[];
  readonly dev?: readonly string[];
  readonly setup?: SetupStatus;
  readonly env?: Readonly<Record<string, string>>;
}

export const H100 = '0, GPU-1111, NVIDIA H100 80GB HBM3, 575.57.08, 81559, 81000, 9.0, Disabled';
export const RTX_3060 = '1, GPU-2222, NVIDIA GeForce RTX 3060, 575.57.08, 12288, 11000, 8.6, [N/A]';

const CUDA = '/cache/nvidia';
export const CUDA_FILES = [...GPU_LIBRARIES, ...XLA_FILES].map((name) => `${CUDA}/${name}`);

/** What set-up records after installing the GPU build. */
export const GPU_SETUP: SetupStatus = {
  backend: 'tensorflow',
  device: 'gpu',
  libtensorflow: { version: '2.21.0', path: '/cache/tensorflow/lib' },
  choice: { device: 'auto', cuda: 'wheels' },
  cuda: {
    folder: CUDA,
    files: Object.fromEntries(CUDA_FILES.map((path) => [path.slice(CUDA.length + 1), { path, version: '12.9.1' }])),
  },
};

/** A machine as described by `fake`; by default it has an H100 and everything that TensorFlow needs to use it. */
export function fakeMachine(fake: Fake = {}): Machine {
  const {
    smi = H100,
    dev = ['nvidia0', 'nvidiactl'],
    files = CUDA_FILES,
    setup = GPU_SETUP,
    env = {},
    ldconfig = '',
    summary = '',
    list = '',
    driver,
  } = fake;
  const answer = (program: string, [first]: readonly string[]): ProgramResult | undefined => {
    if (program === 'ldconfig') return { status: 0, stdout: ldconfig, stderr: '' };
    if (program !== 'nvidia-smi' || smi === '') return undefined;
    if (first === undefined || first === '--list-gpus')
      return { status: 0, stdout: first === undefined ? summary : list, stderr: '' };
    return typeof smi === 'string' ? { status: 0, stdout: smi, stderr: '' } : { ...smi, stderr: '' };
  };
  return {
    env,
    run: (program, args) => Promise.resolve(answer(program, args)),
    askDriver: (visible) => Promise.resolve(typeof driver === 'function' ? driver(visible) : driver),
    exists: (path) => files.includes(path),
    list: (folder) => (folder === '/dev' ? dev : []),
    setup: () => setup,
  };
}
