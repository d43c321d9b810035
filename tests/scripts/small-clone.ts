import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The files that stand for the wheel's: a few bytes each, written by the tools below. */
const LIBRARIES = { 'libtensorflow_cc.so.2': 'c library', 'libtensorflow_framework.so.2': 'framework' };
const WHEEL_TEXT = 'the wheel';

export const SMALL_WHEEL = {
  package: 'tensorflow-cpu',
  version: '2.21.0',
  sha256: createHash('sha256').update(WHEEL_TEXT).digest('hex'),
  bytes: 3_000_000,
  pythonTags: ['--python-version', '3.11'],
  host: { platform: 'linux', arch: 'x64', glibc: '2.27' },
  libraries: Object.fromEntries(Object.entries(LIBRARIES).map(([name, text]) => [name, text.length])),
  headers: ['tensorflow/c/c_api.h', 'xla/tsl/c/tsl_status.h'],
};

const LOCKED = { 'node_modules/typescript': '6.0.3', 'node_modules/node-api-headers': '1.9.0', 'node_modules/@tensorflow/tfjs-node-gpu': '4.22.0' };

/** Compiles by copying, and lists what it wrote as `tsc --listEmittedFiles` does. */
const TSC = `
const fs = require('node:fs'), path = require('node:path');
fs.appendFileSync(process.env.CALLS, 'tsc\\n');
for (const name of fs.readdirSync('src')) {
  const text = fs.readFileSync(path.join('src', name), 'utf8');
  if (text.includes('type error')) { console.log('src/' + name + '(1,1): error TS2322: a type error'); process.exit(2); }
  const file = path.resolve('dist', name.replace('.ts', '.js'));
  fs.mkdirSync('dist', { recursive: true });
  fs.writeFileSync(file, text);
  console.log('TSFILE: ' + file);
}`;

/** `npm ci`: lays out the locked packages, and its record last. */
const NPM = `
const fs = require('node:fs');
fs.appendFileSync(process.env.CALLS, 'npm\\n');
const failure = process.env.NPM_FAILS;
if (failure) { console.error('npm error code ' + failure + '\\nnpm error ' + failure + ' happened'); process.exit(1); }
fs.rmSync('node_modules', { recursive: true, force: true });
const write = (file, text) => { fs.mkdirSync(require('node:path').dirname(file), { recursive: true }); fs.writeFileSync(file, text); };
write('node_modules/typescript/bin/tsc', ${JSON.stringify(TSC)});
write('node_modules/node-api-headers/include/node_api.h', '// node');
for (const name of ['tfjs_backend.cc', 'tfjs_binding.cc']) write('node_modules/@tensorflow/tfjs-node-gpu/binding/' + name, '// ' + name);
const { '': project, ...packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8')).packages;
write('node_modules/.package-lock.json', JSON.stringify({ packages }));`;

/** Answers for pip's version, `pip download`, and unpack-wheel.py, which it can keep from ending. */
const PYTHON = `
PATH=/usr/bin:/bin
case "$1 $3" in
-c*) echo "\${PIP_VERSION-24.0}"; exit;;
'-m download')
  echo pip >> "$CALLS"
  if [ -n "$PIP_FAILS" ]; then echo "$PIP_FAILS" >&2; exit 1; fi
  while [ "$1" != --dest ]; do shift; done
  printf '%s' "\${WHEEL-${WHEEL_TEXT}}" > "$2/tensorflow_cpu.whl"; exit;;
esac
echo unpack >> "$CALLS"
folder=$3; shift 3
for pair; do
  file=$folder/\${pair#*=}
  mkdir -p "\${file%/*}"
  case $pair in
  *_cc.so.2) text='${LIBRARIES['libtensorflow_cc.so.2']}';;
  *_framework.so.2) text='${LIBRARIES['libtensorflow_framework.so.2']}';;
  *) text="// \${pair#*=include/}";;
  esac
  printf '%s' "$text" > "$file"
  if [ -n "$UNPACK_HANGS" ]; then sleep 60; fi
done`;

export const COMPILER = `
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
    this.env = { PATH: tools, XDG_CACHE_HOME: join(this.folder, 'cache'), npm_execpath: join(tools, 'npm-cli.js'), CALLS: join(this.folder, 'calls') };
    writeText(this.env.npm_execpath, NPM);
    this.addTool('python3', PYTHON);
    this.addTool('g++', COMPILER);
    this.lock(LOCKED);
    for (const name of ['tsconfig.json', 'tsconfig.build.json']) this.write(name, '{}');
    this.write('src/cli.ts', 'the command');
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
    const entries = Object.entries(packages).map(([path, version]) => [path, { version, integrity: `sha512-${version}` }]);
    this.write('package-lock.json', JSON.stringify({ packages: { '': { name: 'kd' }, ...(Object.fromEntries(entries) as object) } }));
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

  /** The tools that were called since the last question, in order. */
  calls(): string[] {
    const file = this.env.CALLS;
    const names = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    rmSync(file, { force: true });
    return names;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export function writeText(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
