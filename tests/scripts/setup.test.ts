import { spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setUp } from '../../scripts/setup.mjs';
import { readChoice } from '../../scripts/setup/choice.mjs';
import { DISTRIBUTIONS } from '../../scripts/setup/distributions.mjs';
import { TensorflowUnavailable } from '../../scripts/setup/errors.mjs';
import { findGpus } from '../../scripts/setup/nvidia.mjs';
import { createProject, type ProjectOptions } from '../../scripts/setup/project.mjs';
import { COMPILER, SMALL_DISTRIBUTIONS, SmallClone, writeText } from './small-clone.js';

const SCRIPTS = pathToFileURL(join(import.meta.dirname, '..', '..', 'scripts')).href;

const LINUX = { platform: 'linux', arch: 'x64', glibc: () => '2.36' };
const PACKAGE = 'node_modules/@tensorflow/tfjs-node-gpu';
const ADDONS = ['tfjs_binding.node', 'tf_session.node', 'standard_error.node', 'cuda_driver.node'];
const COST = "training runs on tfjs's pure-JavaScript backend, tens of times slower";

let clone: SmallClone;
beforeEach(() => {
  clone = new SmallClone();
});
afterEach(() => {
  clone.remove();
});

/** Runs the set-up of the small clone and returns what it printed. */
async function runSetUp(env: Record<string, string> = {}, options: Partial<ProjectOptions> = {}): Promise<string> {
  let printed = '';
  const stream = { isTTY: false, write: (text: string) => (printed += text) };
  const parts = {
    distributions: SMALL_DISTRIBUTIONS,
    findGpus: () => Promise.resolve(undefined),
    host: LINUX,
    stream,
    loadAddons: () => Promise.resolve('2.21.0'),
  };
  await setUp(createProject({ root: clone.root, env: { ...clone.env, ...env }, ...parts, ...options }));
  return printed;
}

describe('set-up of a fresh clone', () => {
  it('installs, downloads, unpacks, compiles and links, and reports size and time', async () => {
    const printed = await runSetUp();
    expect(clone.calls()).toEqual(['npm', 'pip', 'unpack', 'g++', 'g++', 'g++', 'g++', 'tsc']);
    expect(printed).toContain('kd set-up: libtensorflow 2.21.0: downloading 3 MB …\n');
    expect(printed).toMatch(/libtensorflow 2\.21\.0: unpacked in \d+\.\d s\n/);
    expect(printed).toMatch(/TensorFlow addon: compiled in \d+\.\d s\n/);
    expect(printed).toMatch(/session addon: compiled in \d+\.\d s\n/);
    expect(printed).toMatch(/standard error addon: compiled in \d+\.\d s\n/);
    expect(clone.read(`${PACKAGE}/deps/lib/libtensorflow_cc.so.2`)).toBe('c library');
    expect(clone.read(`${PACKAGE}/deps/include/tensorflow/c/c_api.h`)).toBe('// tensorflow/c/c_api.h');
    expect(clone.read('dist/cli.js')).toBe('the command');
    const path = realpathSync(join(clone.root, PACKAGE, 'deps', 'lib'));
    expect(clone.status()).toMatchObject({ backend: 'tensorflow', libtensorflow: { version: '2.21.0', path } });
  });

  it.each(ADDONS)(
    'copies the addon %s, because Node resolves links before the addon looks for its libraries',
    async (addon) => {
      await runSetUp();
      expect(lstatSync(join(clone.root, PACKAGE, 'lib/napi-v8', addon)).isFile()).toBe(true);
    },
  );

  it('loads all addons in one process, the tfjs package first', async () => {
    const loaded: (readonly string[])[] = [];
    const loadAddons = (_: unknown, files: readonly string[]): Promise<string> => {
      loaded.push(files);
      return Promise.resolve('2.21.0');
    };
    await runSetUp({}, { loadAddons });
    expect(loaded).toEqual([ADDONS.map((addon) => join(clone.root, PACKAGE, 'lib/napi-v8', addon))]);
  });

  it('leaves no wheel and nothing unfinished in the cache', async () => {
    await runSetUp();
    expect(readdirSync(clone.cache).map((name) => name.replace(/-[0-9a-f]{12,}$/, ''))).toEqual([
      'cuda-driver',
      'libtensorflow-2.21.0',
      'standard-error',
      'tf-session',
      'tfjs-binding',
    ]);
  });

  it('tells of everything that takes over two seconds, and every now and then for how long', async () => {
    const { setTimeout: start } = globalThis;
    const waits = new Set<number | undefined>();
    const timer = vi.spyOn(globalThis, 'setTimeout').mockImplementation((tell: () => void, wait?: number) => {
      waits.add(wait);
      return start(tell, (wait ?? 0) / 20); // as if the tools below took 20 times as long
    });
    const printed = await runSetUp({ TAKES: '0.4' });
    timer.mockRestore();
    expect(waits).toContain(2000);
    for (const what of [
      'npm packages: 0 of up to 3 unpacked after',
      'libtensorflow 2.21.0: downloading for',
      'libtensorflow 2.21.0: unpacking for',
      'TensorFlow addon, session addon, standard error addon, driver addon: compiling for',
      'TypeScript: compiling for',
    ])
      expect(printed.split(`kd set-up: ${what} 0.`).length, printed).toBeGreaterThan(2);
    expect(await runSetUp({ TAKES: '0.4' }, { quiet: true })).toBe('');
  });

  it('links the command for npx', async () => {
    clone.write('bin/kd.js', 'the command');
    await runSetUp();
    expect(clone.read('node_modules/.bin/kd')).toBe('the command');
  });

  it('prints nothing when quiet', async () => {
    expect(await runSetUp({}, { quiet: true })).toBe('');
  });

  it('brings packages and TensorFlow before there are sources, as for a layer of an image', async () => {
    rmSync(join(clone.root, 'src'), { recursive: true });
    await runSetUp();
    expect(clone.calls()).toEqual(['npm', 'pip', 'unpack', 'g++', 'g++', 'g++', 'g++']);
    expect(await runSetUp()).toBe('');
    clone.write('src/cli.ts', 'the command');
    await runSetUp();
    expect(clone.calls()).toEqual(['tsc']);
    expect(clone.read('dist/cli.js')).toBe('the command');
  });
});

describe('set-up of a ready clone', () => {
  beforeEach(async () => {
    await runSetUp();
    clone.calls();
  });

  it('does nothing and prints nothing', async () => {
    expect(await runSetUp()).toBe('');
    expect(clone.calls()).toEqual([]);
  });

  it('uses the cache in a second clone', async () => {
    rmSync(join(clone.root, 'node_modules'), { recursive: true });
    await runSetUp();
    expect(clone.calls()).toEqual(['npm']);
    expect(clone.read(`${PACKAGE}/deps/lib/libtensorflow_cc.so.2`)).toBe('c library');
  });

  it('installs again when the lock file asks for another version, and links TensorFlow again', async () => {
    clone.lock({ 'node_modules/typescript': '6.1.0' });
    await runSetUp();
    expect(clone.calls()).toEqual(['npm']);
    expect(clone.read(`${PACKAGE}/lib/napi-v8/tfjs_binding.node`)).toBe('addon');
  });

  it('installs again when a package is missing', async () => {
    rmSync(join(clone.root, 'node_modules/node-api-headers'), { recursive: true });
    await runSetUp();
    expect(clone.calls()).toEqual(['npm']);
  });

  it('downloads again when a cached library is cut short', async () => {
    writeText(join(clone.root, PACKAGE, 'deps/lib/libtensorflow_cc.so.2'), 'c lib');
    await runSetUp();
    expect(clone.calls()).toEqual(['pip', 'unpack']);
    expect(clone.read(`${PACKAGE}/deps/lib/libtensorflow_cc.so.2`)).toBe('c library');
  });

  it("compiles the addon again when the addon's sources change", async () => {
    clone.write(`${PACKAGE}/binding/tfjs_backend.cc`, '// mended');
    await runSetUp();
    expect(clone.calls()).toEqual(['g++']);
  });

  it('compiles only the addon for sessions when its source changes, and puts it in place', async () => {
    clone.write('native/tf_session.cc', '// mended');
    clone.addTool('g++', `${COMPILER}\nprintf mended > "$2"`);
    await runSetUp();
    expect(clone.calls()).toEqual(['g++']);
    expect(clone.read(`${PACKAGE}/lib/napi-v8/tf_session.node`)).toBe('mended');
    expect(clone.read(`${PACKAGE}/lib/napi-v8/tfjs_binding.node`)).toBe('addon');
    expect(await runSetUp()).toBe('');
  });

  it('adds the addon for sessions to a set-up of an earlier version, which had none', async () => {
    const { addons, ...status } = clone.status() as { addons: Record<string, unknown> };
    clone.write('node_modules/.kd-setup.json', JSON.stringify({ ...status, addon: addons['tfjs-binding'] }));
    rmSync(join(clone.root, PACKAGE, 'lib/napi-v8/tf_session.node'));
    rmSync(
      join(
        clone.cache,
        readdirSync(clone.cache).find((name) => name.startsWith('tf-session'))!,
      ),
      {
        recursive: true,
      },
    );
    await runSetUp();
    expect(clone.calls()).toEqual(['g++']);
    expect(clone.read(`${PACKAGE}/lib/napi-v8/tf_session.node`)).toBe('addon');
  });

  it('compiles the sources again after an edit, and removes outputs of deleted ones from dist', async () => {
    clone.write('src/extra.ts', 'extra');
    await runSetUp();
    expect(readdirSync(join(clone.root, 'dist')).sort()).toEqual([
      '.sources',
      'cli.js',
      'extra.js',
      'package-lock.json',
    ]);
    rmSync(join(clone.root, 'src/extra.ts'));
    await runSetUp();
    expect(readdirSync(join(clone.root, 'dist')).sort()).toEqual(['.sources', 'cli.js', 'package-lock.json']);
    expect(clone.calls()).toEqual(['tsc', 'tsc']);
  });

  it("prints the compiler's messages when the sources do not compile, and tries again next time", async () => {
    clone.write('src/cli.ts', 'type error');
    for (let time = 0; time < 2; time++) {
      await expect(runSetUp()).rejects.toThrow(
        'the TypeScript sources do not compile:\nsrc/cli.ts(1,1): error TS2322: a type error',
      );
    }
  });
});

describe('set-up with another compiler', () => {
  const session = (): string => clone.read(`${PACKAGE}/lib/napi-v8/tf_session.node`);
  const other = { CXX: 'clang++ -march=native' };
  beforeEach(async () => {
    clone.addTool('clang++', `${COMPILER}\nprintf clang > "$2"`);
    await runSetUp();
    clone.calls();
  });

  it('compiles with the one that CXX names, once, and leaves the build by the usual one to other clones', async () => {
    await runSetUp(other);
    expect(clone.calls()).toEqual(['g++', 'g++', 'g++', 'g++']);
    expect(session()).toBe('clang');
    expect(await runSetUp(other)).toBe('');
    expect(await runSetUp()).toBe(''); // what is in place will do
    rmSync(join(clone.root, 'node_modules'), { recursive: true });
    await runSetUp();
    expect([clone.calls(), session()]).toEqual([['npm'], 'addon']);
    await runSetUp(other);
    expect([clone.calls(), session()]).toEqual([[], 'clang']);
  });

  it.each([
    ['other flags', (): void => undefined, { CXX: 'clang++ -march=x86-64-v3' }],
    [
      'a new version of it',
      () => {
        clone.addTool('clang++', COMPILER.replace('$0 12', '$0 13'));
      },
      other,
    ],
  ])('compiles again with %s', async (_, change, env) => {
    await runSetUp(other);
    clone.calls();
    change();
    await runSetUp(env);
    expect(clone.calls()).toEqual(['g++', 'g++', 'g++', 'g++']);
  });

  it('is content with what is there if there is no such compiler', async () => {
    expect(await runSetUp({ CXX: 'icpx' })).toBe('');
  });
});

describe('set-up with addons that were compiled on a newer system', () => {
  const NEWER = "Error: /lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32' not found";
  const newerAtFirst = (times: number) => () =>
    times-- > 0
      ? Promise.reject(new TensorflowUnavailable(`libtensorflow cannot be loaded (${NEWER})`, 'mend that'))
      : Promise.resolve('2.21.0');

  it('compiles them here, also in the cache', async () => {
    await runSetUp();
    rmSync(join(clone.root, 'node_modules'), { recursive: true });
    clone.addTool('g++', `${COMPILER}\nprintf here > "$2"`);
    clone.calls();
    const printed = await runSetUp({}, { loadAddons: newerAtFirst(1) });
    expect(printed).toContain('the addons were compiled on a system with newer libraries: compiling them here\n');
    expect(clone.calls()).toEqual(['npm', 'g++', 'g++', 'g++', 'g++']);
    expect(clone.read(`${PACKAGE}/lib/napi-v8/tf_session.node`)).toBe('here');
    rmSync(join(clone.root, 'node_modules'), { recursive: true });
    await runSetUp();
    expect(clone.read(`${PACKAGE}/lib/napi-v8/tf_session.node`)).toBe('here');
  });

  it('says so if they do not load even then, or if there is no compiler', async () => {
    expect(await runSetUp({}, { loadAddons: newerAtFirst(2) })).toContain(`(${NEWER}): ${COST}; mend that\n`);
    rmSync(join(clone.root, 'node_modules'), { recursive: true });
    clone.removeTool('g++');
    expect(await runSetUp({}, { loadAddons: newerAtFirst(2) })).toContain('because a C++ compiler is missing: ');
  });
});

describe('set-up without TensorFlow', () => {
  it('says that Python is missing, what that costs and what to do, and records it', async () => {
    clone.removeTool('python3');
    const printed = await runSetUp();
    const remedy = 'install what is missing (Debian, Ubuntu: apt install python3 python3-pip) and run this again';
    expect(printed).toContain(`kd set-up: no TensorFlow, because Python is missing: ${COST}; ${remedy}\n`);
    expect(clone.calls()).toEqual(['npm', 'tsc']);
    expect(clone.status()).toMatchObject({ backend: 'cpu', reason: 'Python is missing' });
  });

  it('skips a Python that does not run, and says that pip is missing or too old', async () => {
    clone.addTool('python3', 'exit 127');
    expect(await runSetUp()).toContain('because Python is missing:');
    clone.addTool('python', 'echo none');
    expect(await runSetUp()).toContain('because pip is missing:');
    clone.addTool('python', 'echo 18.1');
    expect(await runSetUp()).toContain('because pip 18.1 is too old (20 or newer is needed):');
  });

  it('says that a compiler is missing before it downloads anything', async () => {
    clone.removeTool('g++');
    expect(await runSetUp()).toContain('no TensorFlow, because a C++ compiler is missing:');
    expect(await runSetUp({ CXX: 'ccache g++-13' })).toContain(
      'because the C++ compiler of CXX (ccache g++-13) is missing:',
    );
    expect(clone.calls()).not.toContain('pip');
  });

  it('names everything that is missing', async () => {
    clone.removeTool('g++');
    clone.removeTool('python3');
    expect(await runSetUp()).toContain('because Python is missing, and a C++ compiler is missing:');
  });

  it('continues as soon as the missing tool is there', async () => {
    clone.removeTool('g++');
    await runSetUp();
    clone.addTool('c++', COMPILER);
    await runSetUp();
    expect(clone.status()).toMatchObject({ backend: 'tensorflow' });
    expect(await runSetUp()).toBe('');
  });

  it('reports that the package index cannot be reached, and tries again', async () => {
    const pipSays =
      'ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.21.0 (from versions: none)';
    const offline = { PIP_FAILS: pipSays };
    expect(await runSetUp(offline)).toContain(
      'because the Python package index cannot be reached, or has no tensorflow-cpu:',
    );
    await runSetUp();
    expect(clone.status()).toMatchObject({ backend: 'tensorflow' });
  });

  it("repeats pip's own words for other failures", async () => {
    expect(await runSetUp({ PIP_FAILS: 'WARNING: hm\nERROR: No space left on device' })).toContain(
      'because pip cannot download tensorflow-cpu 2.21.0 (No space left on device):',
    );
  });

  it('refuses a file other than the official wheel, and does not download it over and over', async () => {
    const printed = await runSetUp({ WHEEL: 'another file' });
    expect(printed).toMatch(
      new RegExp(`expected sha256 ${SMALL_DISTRIBUTIONS.cpu.wheels[0].sha256}, got [0-9a-f]{64}\\)`),
    );
    expect(clone.status()).toMatchObject({ backend: 'cpu' });
    expect(readdirSync(clone.cache)).toEqual([]);
    expect(await runSetUp()).toContain('the package index served another tensorflow-cpu 2.21.0 than the official one');
    await runSetUp({ PIP_INDEX_URL: 'https://another.example/simple' });
    expect(clone.calls().filter((name) => name === 'pip')).toHaveLength(2);
    expect(clone.status()).toMatchObject({ backend: 'tensorflow' });
  });

  it('says why the addon does not compile, and does not compile it over and over', async () => {
    const broken = { COMPILER_FAILS: 'error: unknown type' };
    for (let time = 0; time < 2; time++)
      expect(await runSetUp(broken)).toContain('the TensorFlow addon does not compile');
    expect(clone.status().reason).toContain('a.cc:1:1: error: unknown type');
    expect(clone.calls().filter((name) => name === 'g++')).toHaveLength(ADDONS.length); // all the first time
  });

  it('removes the addon when libtensorflow cannot be loaded', async () => {
    const loadAddons = () =>
      Promise.reject(new TensorflowUnavailable('libtensorflow cannot be loaded (SIGILL)', 'mend that'));
    expect(await runSetUp({}, { loadAddons })).toContain(
      `no TensorFlow, because libtensorflow cannot be loaded (SIGILL): ${COST}; mend that\n`,
    );
    for (const addon of ADDONS) expect(existsSync(join(clone.root, PACKAGE, 'lib/napi-v8', addon))).toBe(false);
  });

  it('reports that the cache cannot be written', async () => {
    clone.write('a-file', '');
    expect(await runSetUp({ XDG_CACHE_HOME: join(clone.root, 'a-file') })).toContain(
      'because files cannot be written (ENOTDIR',
    );
  });

  it.each([
    [
      { ...LINUX, platform: 'darwin', arch: 'arm64' },
      'libtensorflow comes for linux x64 only, and this is darwin arm64',
    ],
    [{ ...LINUX, glibc: () => '2.17' }, 'libtensorflow needs glibc 2.27 or newer, and this system has 2.17'],
    [{ ...LINUX, glibc: () => undefined }, 'libtensorflow needs glibc 2.27, and this system has another C library'],
  ])('omits TensorFlow if its libraries do not run', async (host, reason) => {
    expect(await runSetUp({}, { host })).toContain(`no TensorFlow, because ${reason}:`);
    expect(clone.calls()).not.toContain('pip');
  });
});

describe('set-up with TF_LIBRARY_DIR', () => {
  const headers = ['c_api', 'eager/c_api', 'tf_datatype', 'tf_status', 'tf_tensor'].map(
    (name) => `include/tensorflow/c/${name}.h`,
  );
  const files = [
    'lib/libtensorflow.so.2',
    'lib/libtensorflow_framework.so.2',
    ...headers,
    'include/tensorflow/core/platform/ctstring_internal.h',
  ];
  let folder: string;
  beforeEach(() => {
    folder = join(clone.folder, 'own');
    for (const name of files) writeText(join(folder, name), name);
  });

  it('uses that libtensorflow and downloads nothing', async () => {
    await runSetUp({ TF_LIBRARY_DIR: folder });
    expect(clone.calls()).toEqual(['npm', 'g++', 'g++', 'g++', 'g++', 'tsc']);
    expect(clone.read(`${PACKAGE}/deps/lib/libtensorflow.so.2`)).toBe('lib/libtensorflow.so.2');
    expect(await runSetUp({ TF_LIBRARY_DIR: folder })).toBe('');
  });

  it('takes the libraries beside their headers, as an installed wheel has them', async () => {
    for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'])
      writeText(join(folder, 'include', name), name);
    await runSetUp({ TF_LIBRARY_DIR: join(folder, 'include') });
    expect(clone.read(`${PACKAGE}/deps/lib/libtensorflow_cc.so.2`)).toBe('libtensorflow_cc.so.2');
  });

  it('goes back to the download when the variable is gone', async () => {
    await runSetUp({ TF_LIBRARY_DIR: folder });
    await runSetUp();
    expect(clone.read(`${PACKAGE}/deps/lib/libtensorflow_cc.so.2`)).toBe('c library');
  });

  it.each(files.slice(1))('names the file that is missing: %s', async (name) => {
    rmSync(join(folder, name));
    await expect(runSetUp({ TF_LIBRARY_DIR: folder })).rejects.toThrow(
      `TF_LIBRARY_DIR=${folder}: ${folder}/${name} is missing;`,
    );
  });

  it('names the missing C library and a missing folder on one line', async () => {
    rmSync(join(folder, 'lib/libtensorflow.so.2'));
    await expect(runSetUp({ TF_LIBRARY_DIR: folder })).rejects.toThrow(
      `TF_LIBRARY_DIR=${folder}: ${folder}/lib/libtensorflow_cc.so.2 or ${folder}/lib/libtensorflow.so.2 is missing; ` +
        'add it, or unset TF_LIBRARY_DIR to let set-up download libtensorflow',
    );
    await expect(runSetUp({ TF_LIBRARY_DIR: '/no/such' })).rejects.toThrow(
      'TF_LIBRARY_DIR=/no/such: no such folder; name one that holds libtensorflow, or unset TF_LIBRARY_DIR',
    );
  });

  it('names a header that only the compiler misses', async () => {
    const env = {
      TF_LIBRARY_DIR: folder,
      COMPILER_FAILS: 'fatal error: xla/tsl/c/tsl_status.h: No such file or directory',
    };
    await expect(runSetUp(env)).rejects.toThrow(
      `TF_LIBRARY_DIR=${folder}: the header xla/tsl/c/tsl_status.h is missing;`,
    );
  });
});

describe('set-up with an NVIDIA GPU', () => {
  const findGpus = () => Promise.resolve({ names: ['NVIDIA H100 80GB HBM3', 'NVIDIA H100 80GB HBM3'] });
  const WHEELS = ['tensorflow', 'nvidia-cuda-runtime-cu12', 'nvidia-cublas-cu12', 'nvidia-cuda-nvcc-cu12'];
  const GPU_COST = 'training runs on the CPU';
  const folder = () => dirname(dirname(realpathSync(join(clone.root, PACKAGE, 'deps/lib'))));

  it('names the command of an installed kd, which has no sources', async () => {
    rmSync(join(clone.root, 'src'), { recursive: true });
    mkdirSync(join(clone.root, 'dist'));
    expect(await runSetUp({}, { findGpus })).toContain('; `kd setup --device cpu` takes the CPU build instead');
  });

  it('reports the sizes first, and puts CUDA where libtensorflow and XLA look for it', async () => {
    const printed = await runSetUp({}, { findGpus });
    const [seen, sizes] = printed.split('\n').filter((line) => /GPUs found|wheels/.test(line));
    expect(seen).toBe('kd set-up: GPUs found: NVIDIA H100 80GB HBM3, NVIDIA H100 80GB HBM3');
    expect(sizes).toBe(
      'kd set-up: libtensorflow 2.21.0 and CUDA: 4 wheels, 12 MB to download, 0 kB on disk; `npm run setup -- ' +
        '--device cpu` takes the CPU build instead',
    );
    expect(printed.indexOf(sizes)).toBeLessThan(printed.indexOf('downloading'));
    expect(clone.wheels()).toEqual(WHEELS);
    const files = {
      'tensorflow/lib/libtensorflow_cc.so.2': 'c library',
      'nvidia/cublas/lib/libcublasLt.so.12': 'lt',
      'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc': 'bitcode',
      'nvidia/cublas/lib/libcudart.so.12': 'runtime',
    };
    for (const [path, text] of Object.entries(files)) expect(readFileSync(join(folder(), path), 'utf8')).toBe(text);
    expect(clone.status()).toMatchObject({
      backend: 'tensorflow',
      device: 'gpu',
      cuda: {
        folder: join(folder(), 'nvidia'),
        files: {
          'libcublas.so.12': { path: join(folder(), 'nvidia/cublas/lib/libcublas.so.12'), version: '12.9.3.13' },
        },
      },
    });
  });

  it('does nothing the second time, and nothing when the GPU has gone', async () => {
    await runSetUp({}, { findGpus });
    clone.calls();
    expect(await runSetUp({}, { findGpus })).toBe('');
    expect(await runSetUp()).toBe('');
    expect(clone.calls()).toEqual([]);
  });

  it('upgrades a CPU set-up when a GPU was added', async () => {
    await runSetUp();
    expect(clone.wheels()).toEqual(['tensorflow-cpu']);
    await runSetUp({}, { findGpus });
    expect(clone.wheels()).toEqual(WHEELS);
    expect(clone.status()).toMatchObject({ device: 'gpu' });
  });

  it('continues after an interruption with the missing wheels', async () => {
    const printed = await runSetUp({ PIP_FAILS_FOR: 'nvidia-cublas-cu12' }, { findGpus });
    expect(printed).toContain(
      'no TensorFlow for GPUs, because the Python package index cannot be reached, or has no ' +
        `nvidia-cublas-cu12: ${GPU_COST}; `,
    );
    expect(clone.wheels()).toEqual([...WHEELS.slice(0, 3), 'tensorflow-cpu']);
    expect(clone.status()).toMatchObject({
      backend: 'tensorflow',
      device: 'cpu',
      gpu: { reason: expect.stringContaining('nvidia-cublas-cu12') as string },
    });
    await runSetUp({}, { findGpus });
    expect(clone.wheels()).toEqual(WHEELS.slice(2));
    expect(clone.status().gpu).toBeUndefined();
  });

  it('downloads again only the truncated part', async () => {
    await runSetUp({}, { findGpus });
    writeText(join(folder(), 'nvidia/cublas/lib/libcublas.so.12'), 'b');
    clone.wheels();
    await runSetUp({}, { findGpus });
    expect(clone.wheels()).toEqual(['nvidia-cublas-cu12']);
  });

  it('restores a missing link without a download', async () => {
    await runSetUp({}, { findGpus });
    rmSync(join(folder(), 'nvidia/cublas/lib/libcudart.so.12'));
    clone.wheels();
    await runSetUp({}, { findGpus });
    expect(readFileSync(join(folder(), 'nvidia/cublas/lib/libcudart.so.12'), 'utf8')).toBe('runtime');
    expect(clone.wheels()).toEqual([]);
  });

  it('refuses a file other than the official wheel, once, and uses the CPU build', async () => {
    const cpu = SMALL_DISTRIBUTIONS.cpu.wheels[0].package;
    const wrong = { WHEEL: `wheel ${cpu}` };
    expect(await runSetUp(wrong, { findGpus })).toContain(
      'no TensorFlow for GPUs, because the package index served another tensorflow 2.21.0 than the official one',
    );
    expect(await runSetUp(wrong, { findGpus })).toContain('than the official one');
    expect(clone.wheels()).toEqual(['tensorflow', cpu]);
    expect(clone.status()).toMatchObject({ backend: 'tensorflow', device: 'cpu' });
  });

  it('uses the CPU build if the disk is too full for the other', async () => {
    // asked for once for each build, which takes its largest wheel of 3 MB and the files of a few bytes
    const sizes = [2e6, 4e6];
    const printed = await runSetUp({}, { findGpus, freeBytes: () => sizes.shift()! });
    expect(printed).toContain(
      `because libtensorflow 2.21.0 with CUDA takes 3 MB of disk in ${clone.cache}, and 2 MB are free: ` +
        `${GPU_COST}; make room there`,
    );
    expect(clone.wheels()).toEqual(['tensorflow-cpu']);
  });

  it('keeps the CPU build when told so, until told otherwise', async () => {
    await runSetUp({}, { findGpus, device: 'cpu' });
    expect(await runSetUp({}, { findGpus })).toBe('');
    expect(clone.wheels()).toEqual(['tensorflow-cpu']);
    await runSetUp({}, { findGpus, device: 'auto' });
    expect(clone.status()).toMatchObject({ device: 'gpu', choice: { device: 'auto' } });
  });

  it('sets up for GPUs without one when told so, and fails if that is impossible', async () => {
    await expect(runSetUp({ PIP_FAILS_FOR: 'tensorflow' }, { device: 'gpu' })).rejects.toThrow(
      '--device gpu: the Python package index cannot be reached, or has no tensorflow; connect to the network',
    );
    await runSetUp({}, { device: 'gpu' });
    expect(clone.status()).toMatchObject({ device: 'gpu' });
  });

  it("omits NVIDIA's wheels if the system's CUDA is used, and names what that lacks", async () => {
    const found = new Set(['libcudart.so.12', 'libcublas.so.12']);
    const options: Partial<ProjectOptions> = {
      findGpus,
      cuda: 'system',
      systemLibraries: () => Promise.resolve(found),
    };
    expect(await runSetUp({}, options)).toContain("because the system's CUDA lacks libcublasLt.so.12: ");
    expect(clone.status()).toMatchObject({ device: 'cpu' });
    found.add('libcublasLt.so.12');
    clone.wheels();
    await runSetUp({}, options);
    expect(clone.wheels()).toEqual(['tensorflow']);
    expect(clone.status()).toMatchObject({ device: 'gpu', choice: { cuda: 'system' } });
  });

  it('says once that the driver does not respond', async () => {
    const options = { findGpus: () => Promise.resolve({ failure: 'Driver/library version mismatch' }) };
    expect(await runSetUp({}, options)).toContain(
      'no TensorFlow for GPUs, because the NVIDIA driver does not answer (Driver/library version mismatch): ' +
        `${GPU_COST}; mend the driver`,
    );
    expect(await runSetUp({}, options)).toBe('');
  });

  it('leaves the choice to TF_LIBRARY_DIR', async () => {
    await expect(runSetUp({ TF_LIBRARY_DIR: '/no/such' }, { findGpus })).rejects.toThrow(
      'TF_LIBRARY_DIR=/no/such: no such folder',
    );
    expect(clone.wheels()).toEqual([]);
  });
});

describe('the search for GPUs', () => {
  const look = (env: Record<string, string> = {}, timeout?: number) =>
    findGpus({ PATH: clone.env.PATH, ...env }, join(clone.folder, 'root'), timeout);
  const device = (name: string) => {
    writeText(join(clone.folder, 'root/dev', name), '');
  };

  it('trusts nvidia-smi', async () => {
    clone.addTool('nvidia-smi', 'echo "NVIDIA GeForce RTX 3060"');
    expect(await look()).toEqual({ names: ['NVIDIA GeForce RTX 3060'] });
  });

  it('considers a failing driver with a GPU broken, and without one an empty image', async () => {
    clone.addTool('nvidia-smi', 'echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18');
    expect(await look()).toBeUndefined();
    device('nvidia0');
    expect(await look()).toEqual({ failure: 'Failed to initialize NVML: Driver/library version mismatch' });
  });

  it('does not wait forever for a driver that hangs', async () => {
    clone.addTool('nvidia-smi', 'while :; do :; done');
    device('nvidia0');
    expect(await look({}, 500)).toEqual({ failure: 'no answer within 0.5 s' });
  });

  describe("by the driver's library", () => {
    let library: string;
    beforeEach(() => {
      library = join(clone.folder, 'lib');
      writeText(join(library, 'libcuda.so.1'), 'no library');
    });
    const compile = () => {
      writeText(join(library, 'cuda.c'), 'int cuInit(unsigned flags) { return 0; }');
      const args = ['-shared', '-fPIC', '-o', 'libcuda.so.1', 'cuda.c'];
      expect(spawnSync('gcc', args, { cwd: library }).status).toBe(0);
    };

    it.each(['nvidia3', 'dxg'])(
      'finds one with a device (%s), if the dynamic loader opens the library',
      async (name) => {
        device(name);
        expect(await look({ LD_LIBRARY_PATH: library })).toBeUndefined();
        compile();
        expect(await look({ LD_LIBRARY_PATH: library })).toEqual({ names: ['an NVIDIA GPU'] });
      },
    );

    it('finds none without a device', async () => {
      compile();
      expect(await look({ LD_LIBRARY_PATH: library })).toBeUndefined();
    });
  });
});

describe("the set-up's flags", () => {
  it('are parsed, with variables for those not given', () => {
    expect(readChoice(['--quiet', '--device', 'cpu'], { KD_SETUP_CUDA: 'system' })).toEqual({
      quiet: true,
      device: 'cpu',
      cuda: 'system',
    });
    expect(readChoice([], { KD_SETUP_QUIET: '1' })).toEqual({ quiet: true, device: undefined, cuda: undefined });
    expect(readChoice(['--bundle', 'b', '--piece-size', '60M', '--slim'], { KD_SETUP_FROM: 'c' })).toEqual({
      quiet: false,
      bundle: { folder: 'b', pieceBytes: 60_000_000, slim: true },
    });
    expect(readChoice([], { KD_SETUP_FROM: 'c' })).toEqual({ quiet: false, from: 'c' });
  });

  it.each([
    [['--device', 'tpu'], '--device tpu: expected auto, gpu or cpu'],
    [['--cuda', '11'], '--cuda 11: expected wheels or system'],
    [
      ['--gpu'],
      "Unknown option '--gpu'; flags are --quiet, --device auto|gpu|cpu, --cuda wheels|system, --bundle <folder> (with " +
        '--piece-size, --slim, --node), --from <folder>, --sources',
    ],
    [['--bundle', 'b', '--piece-size', 'big'], '--piece-size big: expected a size of 1k or more, such as 60M or 2G'],
    [['--bundle', 'b', '--piece-size', '10'], '--piece-size 10: expected a size of 1k or more, such as 60M or 2G'],
    [['--slim'], '--slim is for making a bundle: expected --bundle <folder> with it, got none'],
    [['--bundle', 'b', '--from', 'c'], '--bundle makes a bundle and --from uses one: expected one of them, got both'],
  ])('are rejected with what was expected: %j', (args, message) => {
    expect(() => readChoice(args, {})).toThrow(message);
  });
});

describe('the table of wheels', () => {
  const wheels = Object.values(DISTRIBUTIONS).flatMap((distribution) => distribution.wheels);

  it('pins every file', () => {
    expect(wheels).toHaveLength(14);
    for (const wheel of wheels) {
      expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(wheel.version).toMatch(/^\d+(\.\d+)+$/);
      expect(Object.keys(wheel.files).length).toBeGreaterThan(0);
    }
    expect(new Set(wheels.map(({ sha256 }) => sha256)).size).toBe(14);
  });

  it('links to files that it unpacks', () => {
    const { links, wheels: parts } = DISTRIBUTIONS.gpu;
    const unpacked = parts.flatMap(({ folder, files }) => Object.keys(files).map((path) => `${folder}/${path}`));
    for (const [link, target] of Object.entries(links)) expect(unpacked).toContain(join(dirname(link), target));
    expect(Object.keys(links)).toHaveLength(1);
  });

  it('has one version of TensorFlow for both', () => {
    expect(DISTRIBUTIONS.gpu.wheels[0].version).toBe(DISTRIBUTIONS.cpu.wheels[0].version);
  });
});

describe('set-up without npm packages', () => {
  it('stops with one line when the registry cannot be reached', async () => {
    await expect(runSetUp({ NPM_FAILS: 'ENOTFOUND' })).rejects.toThrow(
      'the npm packages are missing and the npm registry cannot be reached (ENOTFOUND): connect to the network ' +
        'and run this again',
    );
  });

  it('tries again when the registry stops answering in the middle, three times', async () => {
    expect(await runSetUp({ NPM_FAILS: 'EIDLETIMEOUT ' })).toContain(
      'npm packages: the npm registry does not answer (EIDLETIMEOUT): attempt 2 of 3 …\n',
    );
    rmSync(join(clone.root, 'node_modules'), { recursive: true });
    clone.calls();
    await expect(runSetUp({ NPM_FAILS: 'EIDLETIMEOUT' })).rejects.toThrow(
      'the npm registry did not answer, 3 times (EIDLETIMEOUT): run this again, which continues with what has been ' +
        'downloaded',
    );
    expect(clone.calls()).toEqual(['npm', 'npm', 'npm']);
  });

  it('says where a full disk needs room', async () => {
    await expect(runSetUp({ NPM_FAILS: 'ENOSPC' })).rejects.toThrow(
      `the npm packages cannot be installed, for the disk is full (npm ci: ENOSPC): make room in ${clone.root} and ` +
        "in npm's cache (npm config get cache), and run this again",
    );
  });

  it.each(['node_modules/.package-lock.json', 'node_modules/typescript'])(
    'stops if npm leaves out %s without an error',
    async (file) => {
      await expect(runSetUp({ NPM_LEAVES_OUT: file })).rejects.toThrow(
        `the npm packages are not complete, though npm ci reported no error: it does so if the disk is full; make room ` +
          `in ${clone.root} (df -h shows how much there is), and run this again`,
      );
    },
  );

  it("stops with npm's own words for other failures", async () => {
    await expect(runSetUp({ NPM_FAILS: 'EINTEGRITY' })).rejects.toThrow(
      'the npm packages cannot be installed (npm ci: EINTEGRITY happened): mend that and run this again',
    );
  });

  it('says that npm is missing', async () => {
    await expect(runSetUp({ npm_execpath: '' })).rejects.toThrow(
      'npm is missing: install it, with Node.js 20 or newer, and run this again',
    );
  });
});

describe('set-ups that are interrupted or concurrent', () => {
  it.skipIf(process.platform !== 'linux')(
    'carries on after being killed while unpacking, without a second download',
    async () => {
      const killed = await killSetUp({ UNPACK_HANGS: '1' }, () =>
        partialFolders().some((name) => existsSync(join(clone.cache, name, 'lib', 'libtensorflow_cc.so.2'))),
      );
      expect(killed).toBe('SIGKILL');
      await runSetUp();
      expect(clone.calls()).toEqual(['npm', 'pip', 'unpack', 'unpack', 'g++', 'g++', 'g++', 'g++', 'tsc']);
      expect(clone.read(`${PACKAGE}/deps/lib/libtensorflow_framework.so.2`)).toBe('framework');
      expect(partialFolders()).toEqual([]);
    },
  );

  it.skipIf(process.platform !== 'linux')(
    'carries on after being killed alone, since what it started ends with it',
    async () => {
      await killSetUp({ NPM_HANGS: '1' }, () => existsSync(clone.env.CALLS));
      expect(await runSetUp()).not.toContain('process'); // that holds the lock
      expect(clone.calls()).toEqual(['npm', 'npm', 'pip', 'unpack', 'g++', 'g++', 'g++', 'g++', 'tsc']);
    },
    20_000,
  );

  it.skipIf(process.platform !== 'linux')('lets one of two work and the other wait', async () => {
    const printed = await Promise.all([runSetUp(), runSetUp()]);
    expect(clone.calls()).toEqual(['npm', 'pip', 'unpack', 'g++', 'g++', 'g++', 'g++', 'tsc']);
    expect(printed[1]).toBe(
      `kd set-up: another set-up (process ${process.pid}) of this folder is at work: waiting for it\n`,
    );
  });

  /** Starts a set-up in a process of its own, and kills that alone as soon as `isTime`. */
  async function killSetUp(env: Record<string, string>, isTime: () => boolean): Promise<unknown> {
    const program = `
      const [root, distributions] = process.argv.slice(1);
      const { setUp } = await import('${SCRIPTS}/setup.mjs');
      const { createProject } = await import('${SCRIPTS}/setup/project.mjs');
      const host = { platform: 'linux', arch: 'x64', glibc: () => '2.36' };
      const parts = { distributions: JSON.parse(distributions), host, device: 'cpu' };
      await setUp(createProject({ root, env: process.env, ...parts }));`;
    const args = ['--input-type=module', '-e', program, clone.root, JSON.stringify(SMALL_DISTRIBUTIONS)];
    const child = spawn(process.execPath, args, { env: { ...clone.env, ...env }, stdio: 'ignore' });
    const closed = new Promise((resolve) =>
      child.once('close', (_, signal) => {
        resolve(signal);
      }),
    );
    while (!isTime()) await sleep(20);
    child.kill('SIGKILL');
    return closed;
  }

  function partialFolders(): string[] {
    return existsSync(clone.cache) ? readdirSync(clone.cache).filter((name) => name.includes('.partial-')) : [];
  }
});

const hasPython = spawnSync('python3', ['-c', 'import zipfile']).status === 0;

describe.skipIf(!hasPython)('unpack-wheel.py', () => {
  const script = join(import.meta.dirname, '..', '..', 'scripts', 'setup', 'unpack-wheel.py');
  let wheel: string;
  beforeEach(() => {
    wheel = join(clone.folder, 'small.whl');
    const program = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    archive.writestr("a/b.so", b"x" * 3000000)
    archive.writestr("c.txt", b"c")
`;
    spawnSync('python3', ['-c', program, wheel]);
    mkdirSync(join(clone.folder, 'out'));
  });

  it('unpacks only the named members, to the named paths', () => {
    const { status } = spawnSync('python3', [script, wheel, join(clone.folder, 'out'), 'a/b.so=lib/b.so']);
    expect(status).toBe(0);
    expect(readFileSync(join(clone.folder, 'out/lib/b.so')).equals(Buffer.alloc(3_000_000, 'x'))).toBe(true);
    expect(readdirSync(join(clone.folder, 'out'))).toEqual(['lib']);
  });

  it('fails on a missing member', () => {
    const { status, stderr } = spawnSync('python3', [script, wheel, join(clone.folder, 'out'), 'd=d'], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('KeyError: "There is no item named \'d\' in the archive"');
  });
});
