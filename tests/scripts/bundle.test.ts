/**
 * @file Set-up without a network: bundles in miniature, made in one clone and used in another that can fetch nothing.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer } from '../../scripts/setup.mjs';
import type { Request } from '../../scripts/setup/choice.mjs';
import type { Distribution } from '../../scripts/setup/distributions.mjs';
import type { ProjectOptions } from '../../scripts/setup/project.mjs';
import { SMALL_DISTRIBUTIONS, SmallClone, writeText } from './small-clone.js';

const LINUX = { platform: 'linux', arch: 'x64', glibc: () => '2.36' };
const PACKAGE = 'node_modules/@tensorflow/tfjs-node-gpu';
const OFFLINE = { NPM_FAILS: 'ENOTFOUND', PIP_FAILS: 'ERROR: offline (from versions: none)' };
const PIECE_BYTES = 4000;
const NODE = 'the program of Node';

let clone: SmallClone;
let elsewhere: SmallClone;
let bundle: string;
beforeEach(() => {
  clone = new SmallClone();
  elsewhere = new SmallClone();
  for (const name of ['npm', 'g++', 'python3']) rmSync(join(elsewhere.env.PATH, name), { force: true });
  bundle = join(clone.folder, 'bundle');
  for (const { root } of [clone, elsewhere]) writeText(join(root, 'package.json'), '{"version":"0.1.0"}');
});
afterEach(() => {
  clone.remove();
  elsewhere.remove();
});

interface Asked extends Partial<ProjectOptions> {
  readonly in?: SmallClone;
  readonly slim?: boolean;
  readonly node?: string;
}

async function ask(request: Partial<Request>, { in: at = clone, ...options }: Asked = {}): Promise<string> {
  let printed = '';
  const parts = {
    distributions: SMALL_DISTRIBUTIONS,
    findGpus: () => Promise.resolve(undefined),
    host: LINUX,
    loadAddons: () => Promise.resolve('2.21.0'),
    stream: { isTTY: false, write: (text: string) => (printed += text) },
  };
  const env = { ...at.env, ...(at === elsewhere ? OFFLINE : {}) };
  const asked = { quiet: false, device: undefined, cuda: undefined, bundle: undefined, from: undefined, ...request };
  await answer({ root: at.root, env, ...parts, ...options }, asked);
  return printed;
}

/** Makes the bundle, with a package in it that takes several pieces. */
async function make({ slim = false, node, ...options }: Asked = {}, request: Partial<Request> = {}): Promise<string> {
  await ask({ quiet: true }, options);
  clone.write('node_modules/typescript/large', randomBytes(10_000).toString('latin1'));
  clone.write('node_modules/typescript/large.map', randomBytes(10_000).toString('latin1'));
  clone.calls();
  return ask({ ...request, bundle: { folder: bundle, pieceBytes: PIECE_BYTES, slim, node } }, options);
}

const use = (options: Asked = {}, request: Partial<Request> = {}): Promise<string> =>
  ask({ ...request, from: bundle }, { in: elsewhere, ...options });

const manifest = (): Record<string, unknown> & { pieces: { name: string; bytes: number }[] } =>
  JSON.parse(readFileSync(join(bundle, 'manifest.json'), 'utf8')) as never;

function editManifest(change: Record<string, unknown>): void {
  writeFileSync(join(bundle, 'manifest.json'), JSON.stringify({ ...manifest(), ...change }));
}

describe('a bundle', () => {
  it('consists of pieces of the requested size, and a manifest', async () => {
    const printed = await make();
    const { pieces } = manifest();
    expect(pieces.length).toBeGreaterThan(4);
    expect(readdirSync(bundle).sort()).toEqual([...pieces.map(({ name }) => name), 'manifest.json']);
    for (const { name, bytes } of pieces) expect(statSync(join(bundle, name)).size).toBe(bytes);
    expect(new Set(pieces.slice(0, -1).map(({ bytes }) => bytes))).toEqual(new Set([PIECE_BYTES]));
    expect(printed).toMatch(/^kd set-up: packages: \d+ kB packed into \d+ kB in \d\.\d s$/m);
    expect(printed).toContain(`in ${pieces.length} pieces, made in `);
    expect(printed).toContain(`; there: npm run setup -- --from ${bundle}\n`);
  });

  it('sets up a clone without npm, Python, a compiler and a network', async () => {
    await make();
    const printed = await use();
    expect(elsewhere.calls()).toEqual(['tsc']);
    expect(printed).toMatch(/^kd set-up: tensorflow-cpu 2\.21\.0: unpacked in \d\.\d s$/m);
    expect(elsewhere.read(`${PACKAGE}/deps/lib/libtensorflow_cc.so.2`)).toBe('c library');
    expect(elsewhere.read(`${PACKAGE}/deps/include/tensorflow/c/c_api.h`)).toBe('// tensorflow/c/c_api.h');
    expect(elsewhere.read(`${PACKAGE}/lib/napi-v8/tf_session.node`)).toBe('addon');
    expect(elsewhere.read('node_modules/typescript/large')).toBe(clone.read('node_modules/typescript/large'));
    expect(elsewhere.read('dist/cli.js')).toBe('the command');
    expect(elsewhere.status()).toMatchObject({ backend: 'tensorflow', device: 'cpu', choice: { device: 'cpu' } });
    expect(await use()).toBe('');
    expect(await ask({}, { in: elsewhere })).toBe(''); // as `npm start` asks
  });

  it('leaves the cache unchanged', async () => {
    await make();
    await use();
    rmSync(join(elsewhere.root, 'node_modules'), { recursive: true });
    expect((await use()).match(/\S+ \S+: unpacked/g)).toEqual(['set-up: packages: unpacked']);
  });

  it('of the GPU build is made without one, leaves the clone unchanged, and says where it is used', async () => {
    await make({}, { device: 'gpu' });
    expect(clone.status()).toMatchObject({ device: 'cpu', choice: { device: 'auto' } });
    await use();
    expect(elsewhere.status()).toMatchObject({ device: 'gpu', choice: { device: 'gpu', cuda: 'wheels' } });
    const folder = dirname(dirname(realpathSync(join(elsewhere.root, PACKAGE, 'deps/lib'))));
    expect(readFileSync(join(folder, 'nvidia/cublas/lib/libcudart.so.12'), 'utf8')).toBe('runtime');
    expect(await ask({}, { in: elsewhere })).toBe('');
  });

  it('that is large says how to make a smaller one, in a command that makes it', async () => {
    bundle = join(clone.folder, 'a bundle');
    const printed = await make({}, { device: 'gpu' });
    const [, command = ''] = /; `npm run setup -- (.*?)` takes the CPU build instead/.exec(printed)!;
    expect(command).toBe(`--bundle '${bundle}' --device cpu`);
    expect(printed).toContain(`; there: npm run setup -- --from '${bundle}'\n`);
  });

  it('cannot be made where TensorFlow has no library, and says where', async () => {
    const host = { ...LINUX, arch: 'arm64' };
    await expect(make({ host })).rejects.toThrow(/^--bundle: .*; make the bundle on a system like that$/);
  });

  it('says what to do if the clone cannot be written, which another cache would not mend', async () => {
    await make();
    await use();
    rmSync(join(elsewhere.root, PACKAGE, 'lib'), { recursive: true });
    elsewhere.write(`${PACKAGE}/lib`, 'a file');
    await expect(use()).rejects.toThrow(
      /: files cannot be written \(E.*\); make room there, or let this user write, and run this again$/,
    );
  });

  it('that is slim has neither source maps nor the libraries that a step does not open', async () => {
    const cudnn = { package: 'nvidia-cudnn-cu12', folder: 'nvidia/cudnn' };
    const [tensorflow, runtime] = SMALL_DISTRIBUTIONS.gpu.wheels;
    const distributions = {
      ...SMALL_DISTRIBUTIONS,
      gpu: {
        ...SMALL_DISTRIBUTIONS.gpu,
        links: {},
        wheels: [tensorflow, { ...runtime, ...cudnn, files: { 'lib/libcudart.so.12': 7, 'lib/libcudnn_cnn.so.9': 7 } }],
      } as Distribution,
    };
    const wheel = { WHEEL: 'wheel tensorflow' };
    distributions.gpu.wheels.forEach((one) => ((one as { sha256: string }).sha256 = tensorflow.sha256));
    await make({ distributions, slim: true, env: { ...clone.env, ...wheel } }, { device: 'gpu' });
    await use({ distributions });
    expect(existsSync(join(elsewhere.root, 'node_modules/typescript/large'))).toBe(true);
    expect(existsSync(join(elsewhere.root, 'node_modules/typescript/large.map'))).toBe(false);
    const folder = dirname(dirname(realpathSync(join(elsewhere.root, PACKAGE, 'deps/lib'))));
    expect(readdirSync(join(folder, 'nvidia/cudnn/lib'))).toEqual(['libcudart.so.12']);
    expect(elsewhere.status()).toMatchObject({ choice: { device: 'gpu', slim: true } });
    expect(await ask({}, { in: elsewhere, distributions })).toBe('');
  });

  it('contains Node itself if asked, for gunzip', async () => {
    writeText(join(clone.folder, 'node'), NODE);
    await make({ node: join(clone.folder, 'node') });
    expect(gunzipSync(readFileSync(join(bundle, 'node.gz.001'))).toString()).toBe(NODE);
    expect(manifest().node).toMatchObject({ version: process.version, pieces: [{ name: 'node.gz.001' }] });
    await use();
    expect(elsewhere.status()).toMatchObject({ backend: 'tensorflow' });
  });

  it('without an addon for these sources has it compiled, if there is a compiler', async () => {
    await make();
    elsewhere.write('native/tf_session.cc', '// mended');
    await expect(use()).rejects.toThrow(
      `--from ${bundle}: a C++ compiler is missing; install what is missing (Debian, Ubuntu: apt install g++)`,
    );
    cpSync(join(clone.env.PATH, 'g++'), join(elsewhere.env.PATH, 'g++'));
    elsewhere.calls();
    await use();
    expect(elsewhere.calls()).toEqual(['g++', 'tsc']);
  });
});

describe('an unusable bundle is a one-line error', () => {
  const second = (): string => join(bundle, 'kd-bundle.002');
  const other = { packages: 'another' };
  const UNFIT =
    'manifest.json does not list what belongs together, so it was edited or is of another bundle; copy the bundle again';
  it.each<[string, () => void, string | RegExp, Partial<Request>?, Asked?]>([
    [
      'no folder',
      () => {
        rmSync(bundle, { recursive: true });
      },
      'no such folder; name one that `npm run setup -- --bundle` made',
    ],
    [
      'a file',
      () => {
        rmSync(bundle, { recursive: true });
        writeText(bundle, 'a piece');
      },
      'expected the folder of a bundle, got a file; name the folder',
    ],
    [
      'no manifest',
      () => {
        rmSync(join(bundle, 'manifest.json'));
      },
      'manifest.json is missing, so the bundle was not made to its end or not copied whole; make or copy it again',
    ],
    [
      'a damaged manifest',
      () => {
        writeText(join(bundle, 'manifest.json'), '{"format": 1, "pieces": [{"name": "../x"}]}');
      },
      'manifest.json is no manifest of a bundle, or damaged; copy it again',
    ],
    [
      'a manifest with the pieces in another order',
      () => {
        editManifest({ pieces: manifest().pieces.toReversed() });
      },
      UNFIT,
    ],
    [
      'a manifest with pieces left out',
      () => {
        editManifest({ pieces: manifest().pieces.slice(0, -1) });
      },
      UNFIT,
    ],
    [
      'a later format',
      () => {
        editManifest({ format: 2 });
      },
      'a bundle of format 2, and this version of kd reads format 1; make it again with this version',
    ],
    [
      'swapped pieces',
      () => {
        const first = join(bundle, 'kd-bundle.001');
        const bytes = [first, second()].map((file) => readFileSync(file));
        [second(), first].forEach((file, i) => {
          writeFileSync(file, bytes[i]);
        });
      },
      'kd-bundle.001 holds what belongs in kd-bundle.002; copy both again',
    ],
    [
      'missing pieces',
      () => {
        [second(), join(bundle, 'kd-bundle.003')].forEach((file) => {
          rmSync(file);
        });
      },
      'kd-bundle.002 is missing (and 1 more); copy it again',
    ],
    [
      'a piece that is cut short',
      () => {
        writeFileSync(second(), 'short');
      },
      `kd-bundle.002 should have ${PIECE_BYTES} bytes and has 5; copy it again`,
    ],
    [
      'a damaged piece',
      () => {
        writeFileSync(second(), Buffer.alloc(PIECE_BYTES));
      },
      /kd-bundle\.002 is damaged \(its SHA-256 should begin with [0-9a-f]{12} and begins with [0-9a-f]{12}\); copy it again$/,
    ],
    [
      'a piece that cannot be read',
      () => {
        rmSync(second());
        mkdirSync(second());
        editManifest({
          pieces: manifest().pieces.map((piece) =>
            piece.name === 'kd-bundle.002' ? { ...piece, bytes: statSync(second()).size } : piece,
          ),
        });
      },
      /kd-bundle\.002 cannot be read \(EISDIR: illegal operation on a directory, read\); copy it again$/,
    ],
    [
      'a clone in which no packages can be put',
      () => {
        elsewhere.write('node_modules', 'a file');
      },
      /files cannot be written \(ENOTDIR: [^\n]+\); make room there, or let this user write, and run this again$/,
    ],
    [
      'another system',
      () => undefined,
      'a bundle for linux x64, and this is linux arm64; make one on such a machine',
      {},
      { host: { ...LINUX, arch: 'arm64' } },
    ],
    [
      'other packages',
      () => {
        editManifest(other);
      },
      'made for another version of kd (it has other packages); make it again with this version',
    ],
    [
      'another libtensorflow',
      () => undefined,
      'made for another version of kd (it has no tensorflow-cpu 2.22.0); make it again with this version',
      {},
      {
        distributions: {
          ...SMALL_DISTRIBUTIONS,
          cpu: {
            ...SMALL_DISTRIBUTIONS.cpu,
            wheels: [{ ...SMALL_DISTRIBUTIONS.cpu.wheels[0], version: '2.22.0', sha256: 'e'.repeat(64) }],
          },
        },
      },
    ],
    [
      'the build for another device',
      () => undefined,
      'a bundle of the CPU build, and --device gpu was asked for; make one with `npm run setup -- --bundle ' +
        '<folder> --device gpu`',
      { device: 'gpu' },
    ],
    [
      'a disk without room',
      () => undefined,
      `libtensorflow 2.21.0 takes 0 kB of disk in `,
      {},
      { freeBytes: () => 10 },
    ],
  ])('%s', async (_, damage, message, request = {}, options = {}) => {
    await make();
    damage();
    const error = await use(options, request).catch((thrown: unknown) => thrown as Error);
    expect((error as Error).constructor.name).toBe('SetupError');
    const found = (error as Error).message;
    expect(found).not.toContain('\n');
    expect(found.startsWith(`--from ${bundle}: `), found).toBe(true);
    expect(found).toMatch(message);
    expect(existsSync(join(elsewhere.root, `${PACKAGE}/lib`))).toBe(false);
    expect(readdirSync(elsewhere.root).filter((name) => name.includes('.partial-'))).toEqual([]);
  });
});

describe('making a bundle', () => {
  it('refuses a folder with other files, and replaces an earlier bundle', async () => {
    await make();
    const before = manifest().pieces.length;
    writeText(join(bundle, 'kd-bundle.099'), 'of an earlier one');
    writeText(join(bundle, 'kd-bundle.004.partial-00ff'), 'of an interrupted one');
    await make({ slim: true });
    expect(manifest().pieces.length).toBeLessThan(before);
    expect(readdirSync(bundle)).toHaveLength(manifest().pieces.length + 1);
    writeText(join(bundle, 'thesis.txt'), 'my own');
    await expect(make()).rejects.toThrow(
      `--bundle ${bundle}: expected an empty folder or an earlier bundle, found thesis.txt; name another`,
    );
    expect(existsSync(join(bundle, 'manifest.json'))).toBe(true);
  });

  it('reports that tar is missing', async () => {
    await make();
    const { PATH } = process.env;
    process.env.PATH = join(clone.folder, 'nothing');
    try {
      await expect(make()).rejects.toThrow(`--bundle ${bundle}: tar is missing: install it, and run this again`);
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('reports what is not available', async () => {
    await expect(make({ env: { ...clone.env, PIP_FAILS_FOR: 'tensorflow' } }, { device: 'gpu' })).rejects.toThrow(
      '--bundle: the Python package index cannot be reached, or has no tensorflow; connect to the network',
    );
    await expect(make({ env: { ...clone.env, TF_LIBRARY_DIR: '/opt/own' } })).rejects.toThrow(/TF_LIBRARY_DIR/);
  });

  it('leaves no manifest when killed, and is done again over the remains', async () => {
    await make();
    writeFileSync(join(clone.root, 'node_modules/typescript/large'), randomBytes(30_000_000));
    const script = pathToFileURL(join(import.meta.dirname, '../../scripts/setup.mjs')).href;
    const program = `
      const { answer } = await import('${script}');
      const [root, folder, distributions] = process.argv.slice(1);
      const host = { platform: 'linux', arch: 'x64', glibc: () => '2.36' };
      const options = { root, env: process.env, host, distributions: JSON.parse(distributions) };
      await answer(options, { quiet: true, device: 'cpu', bundle: { folder, pieceBytes: 100_000, slim: false } });`;
    const args = ['--input-type=module', '-e', program, clone.root, bundle, JSON.stringify(SMALL_DISTRIBUTIONS)];
    const env = { ...clone.env, PATH: `${clone.env.PATH}:${process.env.PATH}` };
    const child = spawn(process.execPath, args, { env, stdio: 'inherit' });
    const closed = new Promise((resolve) => child.once('close', resolve));
    // the first bundle has gone, and some of the second is there
    while (existsSync(join(bundle, 'manifest.json')) || !existsSync(join(bundle, 'kd-bundle.005'))) {
      expect(child.exitCode).toBeNull();
      await sleep(5);
    }
    child.kill('SIGKILL');
    await closed;
    expect(existsSync(join(bundle, 'manifest.json'))).toBe(false);
    await expect(use()).rejects.toThrow('manifest.json is missing, so the bundle was not made to its end');
    await make();
    expect(readdirSync(bundle)).toHaveLength(manifest().pieces.length + 1);
    await use();
    expect(elsewhere.status()).toMatchObject({ backend: 'tensorflow' });
  });

  describe.skipIf(process.getuid?.() !== 0)('on a full disk (a small tmpfs, which root alone can mount)', () => {
    let disk: string;
    let isMounted: boolean;
    beforeEach(() => {
      disk = mkdtempSync(join(tmpdir(), 'kd-full-'));
      isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status === 0;
    });
    afterEach(() => {
      if (isMounted) spawnSync('umount', [disk]);
      rmSync(disk, { recursive: true });
    });

    it('says so in one line if it is read-only', async ({ skip }) => {
      skip(!isMounted, 'this machine does not let tmpfs be mounted');
      await make();
      spawnSync('mount', ['-o', 'remount,ro', disk]);
      const request = { bundle: { folder: join(disk, 'bundle'), pieceBytes: PIECE_BYTES, slim: false } };
      await expect(ask(request)).rejects.toThrow(
        /^--bundle \S+: cannot be written \(ENOENT: .*read-only file system, mkdir '\S+'\); make room there, or name another$/,
      );
    });

    it('says so in one line, and leaves no partial piece', async ({ skip }) => {
      skip(!isMounted, 'this machine does not let tmpfs be mounted');
      await make();
      clone.write('node_modules/typescript/large', randomBytes(200_000).toString('latin1'));
      bundle = join(disk, 'bundle');
      const request = { bundle: { folder: bundle, pieceBytes: PIECE_BYTES, slim: false } };
      await expect(ask(request)).rejects.toThrow(
        /^--bundle \S+: cannot be written \(ENOSPC: no space left on device, write\); make room there, or name another$/,
      );
      expect(readdirSync(bundle).filter((name) => !/^kd-bundle\.\d{3}$/.test(name))).toEqual([]);
    });

    it('is reported when a bundle is used, too', async ({ skip }) => {
      skip(!isMounted, 'this machine does not let tmpfs be mounted');
      await make();
      clone.write('node_modules/typescript/large', randomBytes(200_000).toString('latin1'));
      await ask({ quiet: true, bundle: { folder: bundle, pieceBytes: PIECE_BYTES, slim: false } });
      const root = join(disk, 'clone');
      cpSync(elsewhere.root, root, { recursive: true });
      await expect(ask({ from: bundle }, { in: elsewhere, root })).rejects.toThrow(
        new RegExp(
          `^--from \\S+: packages cannot be unpacked \\([^\\n]*(?:No space left on device|Wrote only \\d+ of \\d+ bytes)\\); make room in ${root} and run ` +
            'this again$',
        ),
      );
      expect(readdirSync(root)).not.toContain('node_modules');
    });
  });
});
