/**
 * The downloads, file by file. A distribution is a libtensorflow for one kind of machine: its wheels, with their
 * checksums from the Python Package Index, and the files to unpack from each, with their sizes. The Python version of a
 * wheel does not matter, since all contain the same libraries.
 *
 * `links` are symbolic links to create between them. A wheel's files go to its `folder` inside the distribution's.
 * `lib/x` is the wheel's member `from.lib/x`; without `from`, paths in the wheel are those in the distribution.
 */

import { basename } from 'node:path';

/** @import { HostNeeds } from './host.mjs' */

/**
 * A wheel of the Python Package Index.
 *
 * @typedef {object} Wheel
 * @property {string} package
 * @property {string} version
 * @property {string} sha256
 * @property {number} bytes of the wheel itself
 * @property {readonly string[]} tags pip's flags that choose it
 * @property {string} folder where its files go, inside the distribution's own
 * @property {Record<string, number>} files their paths and sizes
 * @property {readonly string[]} headers paths of files whose sizes do not matter
 * @property {Record<string, string>} [from] the wheel's folders of the first parts of paths, where they differ
 */

/**
 * A libtensorflow for one kind of machine.
 *
 * @typedef {object} Distribution
 * @property {'cpu' | 'gpu'} device
 * @property {string} version
 * @property {HostNeeds} host
 * @property {Record<string, string>} links symbolic links and their targets
 * @property {readonly [Wheel, ...Wheel[]]} wheels TensorFlow's own first
 */

const VERSION = '2.21.0';
const HOST = { platform: 'linux', arch: 'x64', glibc: '2.27' };

/** Headers in the wheels that the addon's sources include, directly or indirectly. */
const HEADERS = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/c_api_macros.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/c/tf_attrtype.h',
  'tensorflow/c/tf_buffer.h',
  'tensorflow/c/tf_datatype.h',
  'tensorflow/c/tf_status.h',
  'tensorflow/c/tf_tensor.h',
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'xla/tsl/c/tsl_status.h',
];

/**
 * One of TensorFlow's own wheels.
 *
 * @param {Pick<Wheel, 'package' | 'sha256' | 'bytes' | 'folder' | 'files'>} details
 * @returns {Wheel}
 */
const tensorflowWheel = (details) => ({
  version: VERSION,
  tags: ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--platform', 'manylinux_2_27_x86_64'],
  from: { lib: 'tensorflow', include: 'tensorflow/include' },
  headers: HEADERS.map((name) => `include/${name}`),
  ...details,
});

/**
 * One of NVIDIA's wheels, which work for any Python 3.
 *
 * @param {Pick<Wheel, 'version' | 'sha256' | 'bytes' | 'files'> & { component: string, platform: string }} details
 * @returns {Wheel}
 */
const nvidiaWheel = ({ component, platform, ...details }) => ({
  package: `nvidia-${component.replaceAll('_', '-')}-cu12`,
  tags: ['--python-version', '3.11', '--platform', platform],
  folder: `nvidia/${component}`,
  headers: [],
  ...details,
});

/**
 * For machines without an NVIDIA GPU.
 *
 * @type {Distribution}
 */
const CPU = {
  device: 'cpu',
  version: VERSION,
  host: HOST,
  links: {},
  wheels: [
    tensorflowWheel({
      package: 'tensorflow-cpu',
      sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
      bytes: 273_829_956,
      folder: '',
      files: { 'lib/libtensorflow_cc.so.2': 788_086_608, 'lib/libtensorflow_framework.so.2': 65_222_328 },
    }),
  ],
};

/**
 * For machines with an NVIDIA GPU: TensorFlow's own wheel and the twelve of NVIDIA's in its extra `and-cuda`, in the
 * versions that pip selects for it today. libtensorflow looks for CUDA in `../../nvidia/<component>/lib` relative to
 * itself, and XLA for `ptxas` and `libdevice` in `../../nvidia/cuda_nvcc`, which determines the layout. Left out:
 * headers, static libraries, and libraries for profilers and for several GPUs that nothing here opens.
 *
 * @type {Distribution}
 */
const GPU = {
  device: 'gpu',
  version: VERSION,
  host: HOST,
  /**
   * `libtensorflow_framework` opens cuSOLVER but does not search its folder (its sibling, which opens nothing, does),
   * and without cuSOLVER it does not use the GPU. So cuSOLVER is also linked into a folder that it does search.
   */
  links: { 'nvidia/cusparse/lib/libcusolver.so.11': '../../cusolver/lib/libcusolver.so.11' },
  wheels: [
    tensorflowWheel({
      package: 'tensorflow',
      sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
      bytes: 572_440_367,
      folder: 'tensorflow',
      files: { 'lib/libtensorflow_cc.so.2': 1_096_372_272, 'lib/libtensorflow_framework.so.2': 162_648_808 },
    }),
    nvidiaWheel({
      component: 'cuda_runtime',
      version: '12.9.79',
      platform: 'manylinux_2_17_x86_64',
      sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
      bytes: 3_493_179,
      files: { 'lib/libcudart.so.12': 741_088 },
    }),
    nvidiaWheel({
      component: 'cublas',
      version: '12.9.3.13',
      platform: 'manylinux_2_27_x86_64',
      sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
      bytes: 581_217_458,
      files: { 'lib/libcublas.so.12': 105_140_976, 'lib/libcublasLt.so.12': 749_169_616 },
    }),
    nvidiaWheel({
      component: 'cufft',
      version: '11.4.1.4',
      platform: 'manylinux_2_17_x86_64',
      sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
      bytes: 200_877_592,
      files: { 'lib/libcufft.so.11': 291_507_928 },
    }),
    nvidiaWheel({
      component: 'curand',
      version: '10.3.10.19',
      platform: 'manylinux_2_27_x86_64',
      sha256: '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
      bytes: 68_295_626,
      files: { 'lib/libcurand.so.10': 166_965_432 },
    }),
    nvidiaWheel({
      component: 'cusolver',
      version: '11.7.5.82',
      platform: 'manylinux_2_27_x86_64',
      sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
      bytes: 338_117_415,
      files: { 'lib/libcusolver.so.11': 302_024_152 },
    }),
    nvidiaWheel({
      component: 'cusparse',
      version: '12.5.10.65',
      platform: 'manylinux_2_17_x86_64',
      sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
      bytes: 366_465_088,
      files: { 'lib/libcusparse.so.12': 486_556_368 },
    }),
    nvidiaWheel({
      component: 'nvjitlink',
      version: '12.9.86',
      platform: 'manylinux_2_12_x86_64',
      sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
      bytes: 39_748_338,
      files: { 'lib/libnvJitLink.so.12': 95_935_344 },
    }),
    nvidiaWheel({
      component: 'cudnn',
      version: '9.28.0.42',
      platform: 'manylinux_2_27_x86_64',
      sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
      bytes: 716_538_495,
      files: {
        'lib/libcudnn.so.9': 137_432,
        'lib/libcudnn_adv.so.9': 232_904_280,
        'lib/libcudnn_cnn.so.9': 4_203_992,
        'lib/libcudnn_engines_precompiled.so.9': 559_964_512,
        'lib/libcudnn_engines_runtime_compiled.so.9': 48_269_792,
        'lib/libcudnn_engines_tensor_ir.so.9': 2_099_128,
        'lib/libcudnn_ext.so.9': 10_492_448,
        'lib/libcudnn_graph.so.9': 115_563_344,
        'lib/libcudnn_heuristic.so.9': 96_473_944,
        'lib/libcudnn_ops.so.9': 92_284_600,
      },
    }),
    nvidiaWheel({
      component: 'cuda_nvrtc',
      version: '12.9.86',
      platform: 'manylinux_2_12_x86_64',
      sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
      bytes: 89_568_129,
      files: { 'lib/libnvrtc.so.12': 106_244_480, 'lib/libnvrtc-builtins.so.12.9': 7_202_760 },
    }),
    nvidiaWheel({
      component: 'cuda_cupti',
      version: '12.9.79',
      platform: 'manylinux_2_25_x86_64',
      sha256: '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
      bytes: 10_814_997,
      files: { 'lib/libcupti.so.12': 7_604_800 },
    }),
    nvidiaWheel({
      component: 'cuda_nvcc',
      version: '12.9.86',
      platform: 'manylinux_2_12_x86_64',
      sha256: '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
      bytes: 40_546_229,
      files: { 'bin/ptxas': 34_931_056, 'nvvm/libdevice/libdevice.10.bc': 486_168 },
    }),
    nvidiaWheel({
      component: 'nccl',
      version: '2.32.3',
      platform: 'manylinux_2_27_x86_64',
      sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
      bytes: 351_526_311,
      files: { 'lib/libnccl.so.2': 473_614_536 },
    }),
  ],
};

/**
 * Libraries that a text encoder's step on one GPU does not open, according to the libraries' contents (docs/gpu.md says
 * how this was determined): TensorFlow has no reference to cuRAND, opens NCCL for several GPUs only, and opens only
 * cuDNN's loader and graph library; the others are for convolutions, recurrent networks and ready-made attention.
 */
const NOT_OPENED = new Set([
  'libcurand.so.10',
  'libnccl.so.2',
  'libcudnn_adv.so.9',
  'libcudnn_cnn.so.9',
  'libcudnn_engines_precompiled.so.9',
  'libcudnn_engines_runtime_compiled.so.9',
  'libcudnn_engines_tensor_ir.so.9',
  'libcudnn_ext.so.9',
  'libcudnn_heuristic.so.9',
]);

/**
 * A distribution without what a text encoder's step on one GPU does not open. It shares the folder in the cache: a
 * complete one also serves as a slim one.
 *
 * @param {Distribution} distribution
 * @returns {Distribution}
 */
export function slimOf({ wheels: [tensorflow, ...others], ...rest }) {
  const slim = others.map(({ files, ...wheel }) => ({
    ...wheel,
    files: Object.fromEntries(Object.entries(files).filter(([path]) => !NOT_OPENED.has(basename(path)))),
  }));
  return { ...rest, wheels: [tensorflow, ...slim] };
}

/** By device. */
export const DISTRIBUTIONS = { cpu: CPU, gpu: GPU };
