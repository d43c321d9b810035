import { describe, expect, it } from 'vitest';
import { tensorflowEnvironment } from '../../src/tensorflow/environment.js';
import { thisMachine, type Machine } from '../../src/tensorflow/machine.js';
import { setVariables } from '../../src/tensorflow/own-variables.js';
import { findLibraries, GPU_LIBRARIES } from '../../src/tensorflow/cuda-libraries.js';
import { chooseGpu, chooseGpus, firstDevice } from '../../src/tensorflow/gpu-choice.js';
import type { DeviceChoice, DevicesChoice } from '../../src/tensorflow/device-choice.js';
import { unusedGpu } from '../../src/tensorflow/driver-problem.js';
import { gpuProblem } from '../../src/tensorflow/gpu-problem.js';
import { hasTensorCores, detectGpus } from '../../src/tensorflow/nvidia.js';
import { checkDevice, loadBackend } from '../../src/tensorflow/backend.js';
import { CUDA_FILES, fakeMachine, GPU_SETUP, H100, RTX_3060, type Fake } from './fake-machine.js';

const CARD = { name: 'NVIDIA H100', uuid: '1111', capability: 9, totalBytes: 8e10 };
const MISSING = {
  failure: {
    code: 'NOT_FOUND',
    message: 'libcuda.so.1: cannot open shared object file: No such file or directory',
  },
};

/** What CUDA says if its first call fails. */
const refusal = (error: string) => ({ cuda: '12.8', failure: { code: error, message: `cuInit failed with ${error}` } });

const problemOf = async (fake: Fake, choice: DeviceChoice = 'auto') => {
  const machine = fakeMachine(fake);
  return gpuProblem(machine, await detectGpus(machine), choice);
};

describe('the driver', () => {
  it('lists its GPUs', async () => {
    expect(await detectGpus(fakeMachine({ smi: `${H100}\n${RTX_3060}\n` }))).toEqual({
      state: 'present',
      driver: '575.57.08',
      gpus: [
        {
          index: 0,
          uuid: 'GPU-1111',
          name: 'NVIDIA H100 80GB HBM3',
          totalBytes: 81559 * 2 ** 20,
          freeBytes: 81000 * 2 ** 20,
          capability: 9,
        },
        {
          index: 1,
          uuid: 'GPU-2222',
          name: 'NVIDIA GeForce RTX 3060',
          totalBytes: 12288 * 2 ** 20,
          freeBytes: 11000 * 2 ** 20,
          capability: 8.6,
        },
      ],
    });
  });

  it('may be too old to report the compute capability', async () => {
    const machine: Machine = {
      ...fakeMachine(),
      run: (_, [fields]) =>
        Promise.resolve(
          fields.includes('compute_cap')
            ? { status: 2, stdout: 'Field "compute_cap" is not a valid field to query.\n', stderr: '' }
            : { status: 0, stdout: '0, GPU-3, Tesla K80, 470.82.01, 11441, 11000', stderr: '' },
        ),
    };
    expect(await detectGpus(machine)).toMatchObject({ state: 'present', gpus: [{ name: 'Tesla K80' }] });
    expect(await gpuProblem(machine, await detectGpus(machine), 'auto')).toEqual({
      found: 'driver 470.82.01, but CUDA 12 needs 525.60.13 or newer',
      remedy: 'update the driver',
    });
  });

  it('may not know a memory, warn between its lines, and have a GPU whose name has commas', async () => {
    const warning = 'WARNING: infoROM is corrupted at gpu 0000:02:00.0';
    const row = '2, GPU-5, Quadro, 5, 575.57.08, [N/A], [Insufficient Permissions], [N/A], [N/A]';
    const smi = `${warning}\n${row}\n${warning}`;
    expect(await detectGpus(fakeMachine({ smi }))).toEqual({
      state: 'present',
      driver: '575.57.08',
      gpus: [{ index: 2, uuid: 'GPU-5', name: 'Quadro, 5' }],
    });
    expect(await problemOf({ smi })).toBeUndefined();
    expect(await detectGpus(fakeMachine({ smi: 'No devices were found\n' }))).toEqual({
      state: 'broken',
      failure: 'No devices were found',
    });
  });

  it('lists the parts of a divided GPU, which CUDA knows by their names, one at a time', async () => {
    const smi = `${H100.replace('Disabled', 'Enabled')}\n${RTX_3060}`;
    const list =
      'GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1111)\n' +
      '  MIG 1g.10gb     Device  0: (UUID: MIG-aaaa)\n' +
      '  MIG 3g.40gb     Device  1: (UUID: MIG-bbbb)\n' +
      'GPU 1: NVIDIA GeForce RTX 3060 (UUID: GPU-2222)\n';
    const nvidia = await detectGpus(fakeMachine({ smi, list }));
    const third = { visible: 'MIG-bbbb', gpu: { name: 'NVIDIA H100 80GB HBM3 MIG 3g.40gb', freeBytes: 4e10 } };
    expect(chooseGpu(nvidia, 'gpu', {})).toMatchObject({ visible: 'MIG-aaaa', gpu: { totalBytes: 1e10 } });
    expect(chooseGpu(nvidia, 'gpu:1', {})).toMatchObject(third);
    expect(chooseGpu(nvidia, 'gpu', { CUDA_VISIBLE_DEVICES: 'MIG-bbbb' })).toMatchObject(third);
    expect(chooseGpu(nvidia, 'gpu:2', {})).toMatchObject({ visible: '1', gpu: { uuid: 'GPU-2222' } });
    expect(chooseGpus(nvidia, 'gpu:all', {})).toMatchObject({
      found: 'CUDA uses only one part of a divided GPU (MIG) at a time',
    });
  });

  it('must be new enough to compile the kernels that are PTX only, or have a newer CUDA beside it', async () => {
    const smi = H100.replace('575.57.08', '550.54.15');
    expect(await problemOf({ smi, summary: '| Driver Version: 550.54.15    CUDA Version: 12.4 |' })).toEqual({
      found:
        "driver 550.54.15 cannot compile this TensorFlow's kernels for GPU 0 (NVIDIA H100 80GB HBM3, compute " +
        'capability 9.0), which takes 555.42.02 or newer',
      remedy: "update the driver, or install NVIDIA's package cuda-compat-12-5 or newer",
    });
    expect(await problemOf({ smi })).toBeDefined();
    expect(await problemOf({ smi, summary: '| Driver Version: 550.54.15    CUDA Version: 12.9 |' })).toBeUndefined();
    expect(await problemOf({ smi, setup: { ...GPU_SETUP, device: 'own' } })).toBeUndefined();
    expect(await problemOf({ smi: RTX_3060.replace('575.57.08', '550.54.15') })).toBeUndefined();
  });

  it('is broken if it fails with a GPU, and absent without one', async () => {
    const smi = { status: 18, stdout: 'Failed to initialize NVML: Driver/library version mismatch\n' };
    expect(await detectGpus(fakeMachine({ smi }))).toEqual({
      state: 'broken',
      failure: 'Failed to initialize NVML: Driver/library version mismatch',
    });
    expect(await detectGpus(fakeMachine({ smi, dev: [] }))).toEqual({ state: 'absent' });
  });

  it('without its tool is asked through CUDA, if there is a device', async () => {
    const driver = { cuda: '12.4', gpus: [CARD] };
    expect(await detectGpus(fakeMachine({ smi: '', driver }))).toEqual({
      state: 'present',
      cuda: '12.4',
      gpus: [{ index: 0, uuid: 'GPU-1111', name: 'NVIDIA H100', capability: 9, totalBytes: 8e10 }],
    });
    expect(await detectGpus(fakeMachine({ smi: '', driver, dev: [] }))).toEqual({ state: 'absent' });
    expect(await detectGpus(fakeMachine({ smi: '', driver: { gpus: [] } }))).toEqual({ state: 'absent' });
  });

  it('without its tool may say nothing but that it is there', async () => {
    expect(await detectGpus(fakeMachine({ smi: '', dev: ['dxg'] }))).toEqual({ state: 'unlisted' });
    expect(await detectGpus(fakeMachine({ smi: '', driver: {} }))).toEqual({ state: 'unlisted' });
    expect(await detectGpus(fakeMachine({ smi: '', driver: MISSING }))).toEqual({
      state: 'absent',
      lacksLibrary: true,
    });
  });
});

describe('what prevents the use of a GPU', () => {
  it('is nothing if all is well', async () => {
    expect(await problemOf({})).toBeUndefined();
    expect(await problemOf({ smi: `${H100}\n${RTX_3060}` }, 'gpu:1')).toBeUndefined();
  });

  it.each<[string, Fake, DeviceChoice, string, string]>([
    [
      'no driver',
      { smi: '', dev: [] },
      'gpu',
      'no NVIDIA GPU was found',
      "install NVIDIA's driver; a container needs --gpus all",
    ],
    [
      'a broken driver',
      { smi: { status: 9, stdout: 'no answer' } },
      'gpu',
      'the NVIDIA driver does not answer (no answer)',
      'restart the machine',
    ],
    [
      'an old driver',
      { smi: H100.replace('575.57.08', '525.60.12') },
      'gpu',
      'driver 525.60.12, but CUDA 12 needs 525.60.13 or newer',
      'update the driver',
    ],
    [
      'a number too high',
      { smi: `${H100}\n${RTX_3060}` },
      'gpu:2',
      'there is no GPU 2; there are 2',
      'take --device gpu:0 to gpu:1',
    ],
    [
      'a limit',
      { env: { CUDA_VISIBLE_DEVICES: '0' } },
      'gpu:1',
      'there is no GPU 1; there is 1 in CUDA_VISIBLE_DEVICES=0',
      'take --device gpu:0',
    ],
    [
      'a limit to none',
      { env: { CUDA_VISIBLE_DEVICES: '' } },
      'auto',
      'CUDA_VISIBLE_DEVICES= hides every GPU',
      'unset it',
    ],
    [
      'a limit to a GPU that the driver does not list',
      { env: { CUDA_VISIBLE_DEVICES: '3' }, smi: `${H100}\n${RTX_3060}` },
      'auto',
      "CUDA_VISIBLE_DEVICES=3 names 3, which is not among the driver's GPUs (0 to 1)",
      'unset it, or name one of these in it',
    ],
    [
      "a scheduler's word for none",
      { env: { CUDA_VISIBLE_DEVICES: 'NoDevFiles' } },
      'auto',
      'CUDA_VISIBLE_DEVICES=NoDevFiles hides every GPU',
      'unset it',
    ],
    [
      'an old card',
      { smi: H100.replace('9.0', '5.2') },
      'gpu',
      'GPU 0 (NVIDIA H100 80GB HBM3) has compute capability 5.2, and this TensorFlow has code for 6.0 and newer',
      'take another GPU',
    ],
    [
      'a card without its parts',
      { smi: H100.replace('Disabled', 'Enabled'), list: 'GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1111)\n' },
      'gpu',
      'GPU 0 (NVIDIA H100 80GB HBM3) is to be divided (MIG), but nvidia-smi lists no part of it',
      'create one',
    ],
    [
      'a full card',
      { smi: H100.replace('81000', '500') },
      'gpu',
      'GPU 0 (NVIDIA H100 80GB HBM3) has 0.5 GB of 85.5 GB free, and nothing runs in less than 1.0 GB',
      'end the processes that nvidia-smi lists',
    ],
    [
      'the CPU build',
      { setup: { backend: 'tensorflow', device: 'cpu' } },
      'gpu',
      'the installed TensorFlow is the CPU build',
      'run `npm run setup`',
    ],
    [
      'a choice of set-up',
      { setup: { backend: 'tensorflow', device: 'cpu', choice: { device: 'cpu', cuda: 'wheels' } } },
      'gpu',
      'the installed TensorFlow is the CPU build, as set-up was told',
      'run `npm run setup -- --device auto`',
    ],
    [
      'a failure of set-up',
      { setup: { backend: 'tensorflow', device: 'cpu', gpu: { reason: 'the disk is full', remedy: 'make room' } } },
      'gpu',
      'the installed TensorFlow is the CPU build, because the disk is full',
      'make room',
    ],
    [
      'no TensorFlow',
      { setup: { backend: 'cpu', reason: 'Python is missing', remedy: 'install it' } },
      'gpu',
      'no TensorFlow (Python is missing)',
      'install it',
    ],
    [
      'one library',
      { files: CUDA_FILES.filter((path) => !path.includes('cusolver')) },
      'gpu',
      'libcusolver.so.11 is missing',
      'run `npm run setup`',
    ],
    [
      'a system without CUDA',
      { setup: { backend: 'tensorflow', device: 'own' }, files: [] },
      'gpu',
      `${GPU_LIBRARIES.join(', ')}, ptxas, libdevice.10.bc are missing`,
      'install CUDA 12',
    ],
    [
      "a driver without its tool that is too old for the card's kernels",
      { smi: '', driver: { cuda: '12.4', gpus: [CARD] } },
      'gpu',
      "a driver for CUDA 12.4 cannot compile this TensorFlow's kernels for GPU 0 (NVIDIA H100, compute capability " +
        '9.0), which takes 555.42.02 or newer',
      "update the driver, or install NVIDIA's package cuda-compat-12-5",
    ],
    [
      'a driver without its tool that is too old for CUDA 12',
      { smi: '', driver: { cuda: '11.8', gpus: [{ ...CARD, capability: 8 }] } },
      'gpu',
      'a driver for CUDA 11.8, but CUDA 12 needs 525.60.13 or newer',
      'update the driver',
    ],
    [
      'a card of which only CUDA knows that it is too old',
      { smi: H100.replace('9.0', '[N/A]'), driver: { cuda: '12.4', gpus: [{ ...CARD, capability: 5.2 }] } },
      'gpu',
      'GPU 0 (NVIDIA H100) has compute capability 5.2, and this TensorFlow has code for 6.0 and newer',
      'take another GPU',
    ],
    [
      'a card of which only CUDA knows that it is full',
      { smi: '', driver: { cuda: '12.8', gpus: [{ ...CARD, freeBytes: 2e8 }] } },
      'auto',
      'GPU 0 (NVIDIA H100) has 0.2 GB of 80.0 GB free, and nothing runs in less than 1.0 GB',
      'end the processes',
    ],
    [
      'a GPU that another process has for itself',
      { driver: { cuda: '12.8', gpus: [{ ...CARD, failure: 'CUDA_ERROR_DEVICE_UNAVAILABLE' }] } },
      'auto',
      'CUDA cannot use GPU 0 (NVIDIA H100): CUDA_ERROR_DEVICE_UNAVAILABLE',
      'another process has it for itself: end that one',
    ],
    [
      'a GPU whose memory has an error',
      { driver: { cuda: '12.8', gpus: [{ ...CARD, failure: 'CUDA_ERROR_ECC_UNCORRECTABLE' }] } },
      'auto',
      'CUDA cannot use GPU 0 (NVIDIA H100): CUDA_ERROR_ECC_UNCORRECTABLE',
      'its memory has an error: reset it',
    ],
    [
      'a driver that hibernation has left useless',
      { dev: ['nvidia0', 'nvidiactl', 'nvidia-uvm'], driver: refusal('CUDA_ERROR_UNKNOWN') },
      'auto',
      'cuInit failed with CUDA_ERROR_UNKNOWN',
      'after suspend or hibernation, load the module again',
    ],
    [
      'a driver whose parts differ, without its tool',
      { smi: '', driver: refusal('CUDA_ERROR_SYSTEM_DRIVER_MISMATCH') },
      'gpu',
      'the NVIDIA driver does not answer (cuInit failed with CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)',
      "the driver's library and its kernel module differ in version",
    ],
    [
      'a device file that is missing',
      { driver: refusal('CUDA_ERROR_UNKNOWN') },
      'auto',
      'cuInit failed with CUDA_ERROR_UNKNOWN, and /dev/nvidia-uvm is missing',
      'run `sudo nvidia-modprobe',
    ],
    [
      "a driver's library that is missing",
      { driver: MISSING },
      'auto',
      "the driver lists it, but the driver's library libcuda.so.1 is missing",
      'install it; a container needs NVIDIA_DRIVER_CAPABILITIES=compute,utility',
    ],
    [
      "a driver's library where the dynamic loader does not look",
      { smi: '', dev: ['dxg'], driver: MISSING, files: ['/usr/lib/wsl/lib/libcuda.so.1'] },
      'gpu',
      "there is a GPU's device file, but the dynamic loader does not search /usr/lib/wsl/lib, where libcuda.so.1 is",
      'set LD_LIBRARY_PATH=/usr/lib/wsl/lib',
    ],
  ])('may be %s', async (_, fake, choice, found, remedy) => {
    const problem = await problemOf(fake, choice);
    expect(problem?.found).toBe(found);
    expect(problem?.remedy.startsWith(remedy)).toBe(true);
  });

  it('is found before TensorFlow is loaded, and is what --device gpu reports', async () => {
    const machine = fakeMachine({ files: [] });
    await expect(loadBackend('auto', 'gpu:0', {}, machine)).rejects.toThrow(
      '--device gpu:0: expected a working GPU, but libcudart.so.12, libcublas.so.12, libcublasLt.so.12, ' +
        'libcufft.so.11, libcusolver.so.11, libcusparse.so.12, libcudnn.so.9, ' +
        'ptxas, libdevice.10.bc are missing; run `npm run setup`, which downloads what is missing (`kd doctor` ' +
        'checks everything)',
    );
  });

  it('is asked of CUDA for the chosen GPUs only, and is unknown if there is no answer', async () => {
    const asked: unknown[] = [];
    const driver = (visible: string | undefined) => {
      asked.push(visible);
      return undefined;
    };
    expect(await problemOf({ smi: `${H100}\n${RTX_3060}`, driver }, 'gpu:1')).toBeUndefined();
    expect(asked).toEqual(['1']);
  });

  it('is a warning with --device auto', async () => {
    const { device, reason } = await loadBackend('auto', 'auto', {}, fakeMachine({ smi: H100.replace('9.0', '3.7') }));
    expect(device).toBe('cpu');
    expect(reason).toMatch(/compute capability 3\.7|no TensorFlow/);
  });
});

describe('several GPUs', () => {
  it('need NCCL, in one process or in several with a GPU each; one GPU alone does not', async () => {
    const machine = fakeMachine({ smi: `${H100}\n${RTX_3060}` });
    const nvidia = await detectGpus(machine);
    expect(await gpuProblem(machine, nvidia, 'gpu:1')).toBeUndefined();
    const lacking = {
      found: 'libnccl.so.2 is missing',
      remedy: 'run `npm run setup -- --device gpu`, which downloads what is missing',
    };
    expect(await gpuProblem(machine, nvidia, 'gpu:all')).toEqual(lacking);
    expect(await gpuProblem(machine, nvidia, 'gpu:1', { isShared: true })).toEqual(lacking);
    await expect(checkDevice('auto', 'gpu:1', true, machine)).rejects.toThrow('libnccl.so.2 is missing');
    await expect(checkDevice('auto', 'gpu:1', false, machine)).resolves.toBeUndefined();
  });
});

describe('a GPU that TensorFlow does not use', () => {
  it.each<[string, Fake, string]>([
    ['a device file', {}, 'TensorFlow uses none, and /dev/nvidia-uvm is missing'],
    ['nothing', { dev: ['nvidia0', 'nvidiactl', 'nvidia-uvm'] }, 'TensorFlow uses none'],
    ['nothing under WSL', { dev: ['dxg'] }, 'TensorFlow uses none'],
  ])('may lack %s', (_, fake, found) => {
    expect(unusedGpu(fakeMachine(fake))).toMatchObject({ found });
  });
});

describe("the system's CUDA", () => {
  it("is found in the dynamic loader's list and the usual folders", async () => {
    const ldconfig = '123 libs found\n\tlibcudart.so.12 (libc6,x86-64) => /usr/lib/libcudart.so.12\n';
    const files = [
      '/own/libcublas.so.12',
      '/usr/local/cuda/bin/ptxas',
      '/usr/local/cuda/nvvm/libdevice/libdevice.10.bc',
    ];
    const found = await findLibraries(
      fakeMachine({
        ldconfig,
        files,
        env: { LD_LIBRARY_PATH: '/own' },
        setup: { backend: 'tensorflow', device: 'own' },
      }),
    );
    expect(Object.fromEntries(found.filter(({ path }) => path).map(({ name, path }) => [name, path]))).toEqual({
      'libcudart.so.12': '/usr/lib/libcudart.so.12',
      'libcublas.so.12': '/own/libcublas.so.12',
      ptxas: '/usr/local/cuda/bin/ptxas',
      'libdevice.10.bc': '/usr/local/cuda/nvvm/libdevice/libdevice.10.bc',
    });
  });
});

describe('the choice of a GPU', () => {
  const choose = async (choice: DeviceChoice, env: Record<string, string> = {}) =>
    chooseGpu(await detectGpus(fakeMachine({ smi: `${H100}\n${RTX_3060}` })), choice, env);

  it.each<[DeviceChoice, Record<string, string>, string, number]>([
    ['auto', {}, '0', 0],
    ['gpu:1', {}, '1', 1],
    ['auto', { CUDA_VISIBLE_DEVICES: '1,0' }, '1', 1],
    ['gpu:1', { CUDA_VISIBLE_DEVICES: '1,0' }, '0', 0],
    ['gpu', { CUDA_VISIBLE_DEVICES: 'GPU-2222' }, 'GPU-2222', 1],
  ])('%s with %j is a single one', async (choice, env, visible, index) => {
    expect(await choose(choice, env)).toMatchObject({ visible, gpu: { index } });
  });

  it.each<[DevicesChoice, Record<string, string>, string[], DeviceChoice]>([
    ['gpu:all', {}, ['0', '1'], 'gpu'],
    ['gpu:1,0', {}, ['1', '0'], 'gpu:1'],
    ['gpu:all', { CUDA_VISIBLE_DEVICES: '1' }, ['1'], 'gpu'],
  ])('%s with %j is several', async (choice, env, visible, one) => {
    const nvidia = await detectGpus(fakeMachine({ smi: `${H100}\n${RTX_3060}` }));
    expect(chooseGpus(nvidia, choice, env)).toMatchObject(visible.map((name) => ({ visible: name })));
    expect(firstDevice(choice)).toBe(one);
  });

  it('names the first of several that does not exist, and needs numbers if the driver lists none', async () => {
    const nvidia = await detectGpus(fakeMachine({ smi: `${H100}\n${RTX_3060}` }));
    expect(chooseGpus(nvidia, 'gpu:0,2', {})).toMatchObject({ found: 'there is no GPU 2; there are 2' });
    expect(chooseGpus({ state: 'unlisted' }, 'gpu:all', {})).toMatchObject({ remedy: 'name them: --device gpu:0,1' });
    expect(chooseGpus({ state: 'unlisted' }, 'gpu:0,3', {})).toEqual([{ visible: '0' }, { visible: '3' }]);
  });

  it('is the same the second time in a process, which has limited the variable and taken memory', async () => {
    const { CUDA_VISIBLE_DEVICES: own } = process.env;
    delete process.env.CUDA_VISIBLE_DEVICES;
    try {
      setVariables({ CUDA_VISIBLE_DEVICES: '1' });
      expect(process.env.CUDA_VISIBLE_DEVICES).toBe('1');
      expect(thisMachine.env).not.toHaveProperty('CUDA_VISIBLE_DEVICES');
      const full = fakeMachine({
        smi: `${H100}\n${RTX_3060.replace('11000', '500')}`,
        env: thisMachine.env as Record<string, string>,
      });
      expect(await gpuProblem(full, await detectGpus(full), 'gpu:1', { isOnGpu: true })).toBeUndefined();
      expect(await gpuProblem(full, await detectGpus(full), 'gpu:1')).toBeDefined();
    } finally {
      if (own === undefined) delete process.env.CUDA_VISIBLE_DEVICES;
      else process.env.CUDA_VISIBLE_DEVICES = own;
    }
  });

  it('reads CUDA_VISIBLE_DEVICES up to the first invalid entry, as CUDA does', async () => {
    expect(await choose('gpu:1', { CUDA_VISIBLE_DEVICES: '0,-1,1' })).toMatchObject({
      found: 'there is no GPU 1; there is 1 in CUDA_VISIBLE_DEVICES=0,-1,1',
    });
  });

  it('uses tensor cores for bfloat16 from compute capability 8.0 on', () => {
    expect([7.5, 8, 9, undefined].map((capability) => hasTensorCores({ capability: capability! }))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe("TensorFlow's environment", () => {
  const gpu = { visible: '1' };

  it('on a GPU allocates memory on demand, uses one GPU, no TF32, and XLA with its tools', () => {
    expect(tensorflowEnvironment({}, GPU_SETUP, { gpu, fuse: true, serialOps: false, tf32: false })).toEqual({
      CUDA_CACHE_MAXSIZE: '4294967296',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      CUDA_VISIBLE_DEVICES: '1',
      NVIDIA_TF32_OVERRIDE: '0',
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
      TF_XLA_FLAGS: '--tf_xla_auto_jit=2',
      XLA_FLAGS: '--xla_gpu_cuda_data_dir=/cache/nvidia/cuda_nvcc --xla_gpu_enable_triton_gemm=false',
    });
  });

  it('enables TF32 if asked', () => {
    const set = tensorflowEnvironment({}, undefined, { gpu, fuse: false, serialOps: false, tf32: true });
    expect(Object.keys(set).sort()).toEqual([
      'CUDA_CACHE_MAXSIZE',
      'CUDA_DEVICE_ORDER',
      'CUDA_VISIBLE_DEVICES',
      'TF_FORCE_GPU_ALLOW_GROWTH',
    ]);
  });

  it("keeps a user's own values", () => {
    const env = {
      CUDA_CACHE_MAXSIZE: '1',
      TF_XLA_FLAGS: '--mine',
      NVIDIA_TF32_OVERRIDE: '1',
      TF_FORCE_GPU_ALLOW_GROWTH: 'false',
      CUDA_DEVICE_ORDER: 'FASTEST_FIRST',
      XLA_FLAGS: '--xla_gpu_cuda_data_dir=/cuda --xla_dump_to=/d',
    };
    expect(tensorflowEnvironment(env, GPU_SETUP, { gpu, fuse: true, serialOps: false, tf32: false })).toEqual({
      CUDA_VISIBLE_DEVICES: '1',
      XLA_FLAGS: env.XLA_FLAGS,
    });
  });

  it('gives an op one core on a CPU, if asked', () => {
    expect(tensorflowEnvironment({}, undefined, { gpu: undefined, fuse: false, serialOps: true, tf32: false })).toEqual(
      { TF_NUM_INTRAOP_THREADS: '1' },
    );
    expect(
      tensorflowEnvironment({ TF_NUM_INTRAOP_THREADS: '4' }, undefined, {
        gpu: undefined,
        fuse: false,
        serialOps: true,
        tf32: false,
      }),
    ).toEqual({});
    expect(tensorflowEnvironment({}, undefined, { gpu, fuse: false, serialOps: true, tf32: false })).not.toHaveProperty(
      'TF_NUM_INTRAOP_THREADS',
    );
  });

  it('hides the GPUs from a CPU run, without a message if there are none', () => {
    expect(tensorflowEnvironment({}, GPU_SETUP, { gpu: 'none', fuse: false, serialOps: false, tf32: false })).toEqual({
      CUDA_VISIBLE_DEVICES: '-1',
    });
    expect(
      tensorflowEnvironment({}, GPU_SETUP, { gpu: undefined, fuse: false, serialOps: false, tf32: false }),
    ).toEqual({});
  });
});
