import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Distribution, Wheel } from '../../scripts/setup/distributions.mjs';

/** The files that stand for the wheels': a few bytes each, written by the tools below. */
const TEXTS: Record<string, string> = {
  'libtensorflow_cc.so.2': 'c library',
  'libtensorflow_framework.so.2': 'framework',
  'libcudart.so.12': 'runtime',
  'libcublas.so.12': 'blas',
  'libcublasLt.so.12': 'lt',
  ptxas: 'assembler',
  'libdevice.10.bc': 'bitcode',
};

/** A wheel in miniature, whose text is `wheel <package>`. */
const smallWheel = (
  name: string,
  version: string,
  folder: string,
  paths: readonly string[],
  rest: Partial<Wheel> = {},
): Wheel => ({
  package: name,
  version,
  sha256: createHash('sha256').update(`wheel ${name}`).digest('hex'),
  bytes: 3_000_000,
  tags: ['--python-version', '3.11'],
  folder,
  files: Object.fromEntries(paths.map((path) => [path, TEXTS[basename(path)].length])),
  headers: [],
  ...rest,
});

const tensorflow = (name: string, folder: string) =>
  smallWheel(name, '2.21.0', folder, ['lib/libtensorflow_cc.so.2', 'lib/libtensorflow_framework.so.2'], {
    from: { lib: 'tensorflow', include: 'tensorflow/include' },
    headers: ['include/tensorflow/c/c_api.h', 'include/xla/tsl/c/tsl_status.h'],
  });

const common = { version: '2.21.0', host: { platform: 'linux', arch: 'x64', glibc: '2.27' } };
export const SMALL_DISTRIBUTIONS: Record<'cpu' | 'gpu', Distribution> = {
  cpu: { ...common, device: 'cpu', links: {}, wheels: [tensorflow('tensorflow-cpu', '')] },
  gpu: {
    ...common,
    device: 'gpu',
    links: { 'nvidia/cublas/lib/libcudart.so.12': '../../cuda_runtime/lib/libcudart.so.12' },
    wheels: [
      tensorflow('tensorflow', 'tensorflow'),
      smallWheel('nvidia-cuda-runtime-cu12', '12.9.79', 'nvidia/cuda_runtime', ['lib/libcudart.so.12']),
      smallWheel('nvidia-cublas-cu12', '12.9.3.13', 'nvidia/cublas', ['lib/libcublas.so.12', 'lib/libcublasLt.so.12']),
      smallWheel('nvidia-cuda-nvcc-cu12', '12.9.86', 'nvidia/cuda_nvcc', [
        'bin/ptxas',
        'nvvm/libdevice/libdevice.10.bc',
      ]),
    ],
  },
};

const LOCKED = {
  'node_modules/typescript': '6.0.3',
  'node_modules/node-api-headers': '1.9.0',
  'node_modules/@tensorflow/tfjs-node-gpu': '4.22.0',
};

/** An optional package, which is not for the systems that the tests run on. */
const FOR_WINDOWS = {
  'node_modules/typescript-win32': { version: '6.0.3', integrity: 'sha512-win32', optional: true, os: ['win32'] },
};

const PAUSE = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000 * (process.env.TAKES ?? 0));';

/** Compiles by copying, and lists what it wrote as `tsc --listEmittedFiles` does. */
const TSC = `
const fs = require('node:fs'), path = require('node:path');
${PAUSE}
fs.appendFileSync(process.env.CALLS, 'tsc\\n');
for (const name of fs.readdirSync('src')) {
  const text = fs.readFileSync(path.join('src', name), 'utf8');
  if (text.includes('type error')) {
    console.log('src/' + name + '(1,1): error TS2322: a type error');
    process.exit(2);
  }
  const file = path.resolve('dist', name.replace('.ts', '.js'));
  fs.mkdirSync('dist', { recursive: true });
  fs.writeFileSync(file, text);
  console.log('TSFILE: ' + file);
}`;

/**
 * `npm ci`: lays out the locked packages, and its record last. NPM_FAILS names why it fails, by attempt with spaces in
 * between; NPM_HANGS keeps it from ending; NPM_LEAVES_OUT is a file that it does not write, without an error.
 */
const NPM = `
const fs = require('node:fs');
${PAUSE}
fs.appendFileSync(process.env.CALLS, 'npm\\n');
const attempt = fs.readFileSync(process.env.CALLS, 'utf8').split('npm').length - 2;
const failures = (process.env.NPM_FAILS ?? '').split(' ');
const failure = failures[Math.min(attempt, failures.length - 1)];
if (process.env.NPM_HANGS) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
if (failure) { console.error('npm error code ' + failure + '\\nnpm error ' + failure + ' happened'); process.exit(1); }
fs.rmSync('node_modules', { recursive: true, force: true });
const write = (file, text) => {
  fs.mkdirSync(require('node:path').dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
};
write('node_modules/typescript/bin/tsc', ${JSON.stringify(TSC)});
write('node_modules/node-api-headers/include/node_api.h', '// node');
for (const name of ['tfjs_backend.cc', 'tfjs_binding.cc']) write('node_modules/@tensorflow/tfjs-node-gpu/binding/' + name, '// ' + name);
const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
const fitting = Object.entries(packages).filter(([path, { os }]) => path !== '' && os === undefined);
write('node_modules/.package-lock.json', JSON.stringify({ packages: Object.fromEntries(fitting) }));
if (process.env.NPM_LEAVES_OUT) fs.rmSync(process.env.NPM_LEAVES_OUT, { recursive: true });`;

/**
 * Answers for pip's version, `pip download`, and unpack-wheel.py, which it can keep from ending. CALLS gets the steps,
 * WHEELS the names of what was downloaded; PIP_FAILS_FOR makes one package fail.
 */
const PYTHON = `
PATH=/usr/bin:/bin
case "$1 $3" in
-c*) echo "\${PIP_VERSION-24.0}"; exit;;
'-m download')
  if [ -n "$TAKES" ]; then sleep "$TAKES"; fi
  echo pip >> "$CALLS"
  if [ -n "$PIP_FAILS" ]; then echo "$PIP_FAILS" >&2; exit 1; fi
  while [ "$1" != --dest ]; do shift; done
  name=\${3%==*}
  echo "$name" >> "$WHEELS"
  if [ "$name" = "$PIP_FAILS_FOR" ]; then echo "ERROR: from versions: none)" >&2; exit 1; fi
  printf '%s' "\${WHEEL-wheel $name}" > "$2/$name.whl"; exit;;
esac
echo unpack >> "$CALLS"
if [ -n "$TAKES" ]; then sleep "$TAKES"; fi
folder=$3; shift 3
for pair; do
  file=$folder/\${pair#*=}
  mkdir -p "\${file%/*}"
  case \${pair##*/} in
${Object.entries(TEXTS)
  .map(([name, text]) => `  ${name}) text='${text}';;`)
  .join('\n')}
  *) text="// \${pair#*=include/}";;
  esac
  printf '%s' "$text" > "$file"
  if [ -n "$UNPACK_HANGS" ]; then sleep 60; fi
done`;

/** Compiles in TAKES seconds, as do npm, pip, the unpacking and tsc; says who it is. */
export const COMPILER = `
case "$*" in *--version) echo "$0 12"; exit;; esac
if [ -n "$TAKES" ]; then /bin/sleep "$TAKES"; fi
echo g++ >> "$CALLS"
if [ -n "$COMPILER_FAILS" ]; then echo "a.cc:1:1: $COMPILER_FAILS" >&2; exit 1; fi
while [ "$1" != -o ]; do shift; done
printf addon > "$2"`;

/** A clone in miniature in a temporary folder, with tools of its own that note their calls. */
export class SmallClone {
  readonly folder = mkdtempSync(join(tmpdir(), 'kd-setup-'));
  readonly root = join(this.folder, 'clone');
  readonly cache = join(this.folder, 'cache', 'kd');
  readonly env: Record<string, string>;

  constructor() {
    const tools = join(this.folder, 'tools');
    this.env = {
      PATH: tools,
      XDG_CACHE_HOME: join(this.folder, 'cache'),
      npm_execpath: join(tools, 'npm-cli.js'),
      CALLS: join(this.folder, 'calls'),
      WHEELS: join(this.folder, 'wheels'),
    };
    writeText(this.env.npm_execpath, NPM);
    this.addTool('python3', PYTHON);
    this.addTool('g++', COMPILER);
    writeText(join(this.folder, 'package.json'), '{}'); // whatever lies above it: the tools are CommonJS
    this.lock(LOCKED);
    for (const name of ['tsconfig.json', 'tsconfig.build.json']) this.write(name, '{}');
    this.write('src/cli.ts', 'the command');
    for (const name of ['tf_session.cc', 'standard_error.cc', 'cuda_driver.cc'])
      this.write(`native/${name}`, `// ${name}`);
  }

  /** Puts a shell script on PATH, which holds nothing else. */
  addTool(name: string, program: string): void {
    const file = join(this.env.PATH, name);
    writeText(file, `#!/bin/sh\n${program}\n`);
    chmodSync(file, 0o755);
  }

  removeTool(name: string): void {
    rmSync(join(this.env.PATH, name));
  }

  lock(packages: Record<string, string>): void {
    const entries = Object.entries(packages).map(([path, version]) => [
      path,
      { version, integrity: `sha512-${version}` },
    ]);
    this.write(
      'package-lock.json',
      JSON.stringify({ packages: { '': { name: 'kd' }, ...FOR_WINDOWS, ...(Object.fromEntries(entries) as object) } }),
    );
  }

  write(name: string, text: string): void {
    writeText(join(this.root, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.root, name), 'utf8');
  }

  status(): Record<string, unknown> {
    return JSON.parse(this.read('node_modules/.kd-setup.json')) as Record<string, unknown>;
  }

  /** The wheels that pip was asked for since the last question, in order. */
  wheels(): string[] {
    return lines(this.env.WHEELS);
  }

  /** The tools that were called since the last question, in order. */
  calls(): string[] {
    return lines(this.env.CALLS);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export function writeText(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** The lines of a file, which is then gone. */
function lines(file: string): string[] {
  const found = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  rmSync(file, { force: true });
  return found;
}
