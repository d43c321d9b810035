/** @file The declarations of the package as strict programs compile them, without kd's own packages. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ts from 'typescript/unstable/ast';
import { API, type Checker, type Project, type Symbol, SymbolFlags } from 'typescript/unstable/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A program that uses every function, with options that may be `undefined`. */
const PROGRAM = `
import * as kd from 'kd';
import type { EncodedTexts, Listener, TrainOptions } from 'kd';

declare const signal: AbortSignal | undefined;
declare const seed: number | undefined;
const listener: Listener = { onProgress: ({ value, total }) => value / total, onEvent: ({ event }) => event.length };
const settings: TrainOptions = { recipe: 'smoke', batchSize: 'auto', device: 'cpu:2', seed, signal };

export async function use(): Promise<EncodedTexts> {
  const { total, cut } = await kd.prepare({ data: ['pairs.csv'], out: 'store', samples: undefined, signal }, listener);
  const { best, stopped } = await kd.train({ ...settings, samples: total.training + cut.student_ko }, listener);
  const { pairs } = await kd.evaluate({ compare: [stopped ? 'clip' : 'roberta'], by: ['length'], seed, signal });
  const accuracies = pairs?.models.map(({ scores }) => scores.ko.translation.mean.accuracy) ?? [];
  const { model } = await kd.exportStudent({ model: 'roberta', to: 'exported', format: 'onnx', signal });
  const [picture] = await kd.generate(['노란색 차'], { steps: Math.max(1, ...accuracies), signal });
  const grid = { compare: picture?.path ?? model, scheduler: 'ddim', seed } as const;
  const { path } = await kd.generateGrid([], grid, { onRow: () => 1 });
  return kd.encode({ model: path, texts: [String(best?.lossKo)], precision: 'bf16', seed, signal } as kd.EncodeOptions);
}

export function codeOf(error: unknown): string | undefined {
  if (error instanceof kd.NotPointedAtError) return error.checkpoint;
  return error instanceof kd.InputError ? error.code : undefined;
}
export const epochs: 10 = kd.RECIPES['roberta-1m'].settings.epochs;
`;

const STRICT = {
  target: 'ES2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  isolatedModules: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  noEmit: true,
};

const compiler = new API();
afterAll(() => {
  compiler.close();
});
let project: string;
beforeAll(() => {
  project = temporaryFolder();
  const installed = join(project, 'node_modules/kd');
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
  cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  cpSync(join(ROOT, 'dist'), join(installed, 'dist'), {
    recursive: true,
    filter: (path) => !/\.(js|map|json|html|css)$/.test(path),
  });
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(project, 'program.ts'), PROGRAM);
});

function compiledWith(options: Readonly<Record<string, unknown>>): Project {
  const config = join(project, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files: ['program.ts'] }));
  return compiler.updateSnapshot({ openProjects: [config], fileChanges: { invalidateAll: true } }).getProject(config)!;
}

describe('the declarations', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['Node.js', { module: 'NodeNext', moduleResolution: 'NodeNext', types: ['node'] }],
    [
      'a bundler, without the types of Node.js',
      { module: 'ESNext', moduleResolution: 'Bundler', lib: ['ES2022', 'DOM'], types: [] },
    ],
  ])('compile in a strict program for %s', (_, options) => {
    const { program } = compiledWith(options);
    expect(program.getSourceFileNames()).toContain(join(project, 'node_modules/kd/dist/index.d.ts'));
    const errors = [
      ...program.getConfigFileParsingDiagnostics(),
      ...program.getProgramDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...program.getSyntacticDiagnostics(),
      ...program.getSemanticDiagnostics(),
    ];
    expect(errors.map(({ fileName, text }) => `${fileName}: ${text}`)).toEqual([]);
  });

  describe('of the package', () => {
    let exported: readonly Symbol[];
    let checker: Checker;
    beforeAll(() => {
      const compiled = compiledWith({ module: 'NodeNext', types: [] });
      const index = compiled.program.getSourceFile(join(project, 'node_modules/kd/dist/index.d.ts'))!;
      checker = compiled.checker;
      exported = [...checker.getSymbolAtLocation(index)!.getExports().values()];
    });

    it('are all in docs/api.md, which names no others', () => {
      const names = exported.map(({ name }) => name);
      const page = readFileSync(join(ROOT, 'docs/api.md'), 'utf8');
      const prose = page.replace(/```.*?```/gs, '');
      const named = [...prose.matchAll(/`(\w+)(?:\([^`]*\))?`/g)].map(([, name]) => name);
      expect(names.filter((name) => !named.includes(name))).toEqual([]);
      const [types] = /^## Types\n.*?^## /ms.exec(page)!;
      const listed = [...types.matchAll(/`([A-Z]\w+)`/g)].map(([, name]) => name);
      expect(listed.filter((name) => !names.includes(name))).toEqual([]);
    });

    it('say what every function returns and throws', () => {
      const functions = exported
        .map((each) => (each.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each))
        .filter(({ valueDeclaration: made }) => made?.kind === ts.SyntaxKind.FunctionDeclaration);
      expect(functions).toHaveLength(7);
      for (const each of functions) {
        const tags = each.getJsDocTags(checker).map(({ name }) => name);
        expect(tags, each.name).toEqual(expect.arrayContaining(['returns', 'throws']));
      }
    });
  });
});
