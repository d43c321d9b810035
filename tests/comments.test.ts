/** @file Comments that code has left behind, or never had. */
import { fileURLToPath } from 'node:url';
import * as ts from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';
import { afterAll, expect, it } from 'vitest';

const CONFIG = fileURLToPath(new URL('../tsconfig.build.json', import.meta.url));

const compiler = new API();
afterAll(() => {
  compiler.close();
});
const { program } = compiler.updateSnapshot({ openProjects: [CONFIG] }).getProject(CONFIG)!;
const sources = program
  .getSourceFileNames()
  .filter((name) => name.includes('/src/') && !name.includes('/node_modules/'))
  .map((name) => program.getSourceFile(name)!);

/** The parameters of the function that a comment on this node describes. */
function describedParameters(node: ts.Node): readonly ts.ParameterDeclaration[] | undefined {
  const value = ts.isVariableStatement(node)
    ? node.declarationList.declarations[0]?.initializer
    : ts.isPropertyDeclaration(node)
      ? node.initializer
      : ts.isPropertySignatureDeclaration(node)
        ? node.type
        : node;
  return (value as Partial<ts.FunctionDeclaration> | undefined)?.parameters;
}

function commentsOf(node: ts.Node): readonly ts.JSDoc[] {
  return (node.jsDoc ?? []).filter((each) => ts.isJSDoc(each));
}

/** `@param` tags that name no parameter. One that is taken apart may be called anything. */
function strayParams(source: ts.SourceFile): string[] {
  const stray: string[] = [];
  const visit = (node: ts.Node): void => {
    const names = describedParameters(node)?.map(({ name }) => name);
    if (names?.every(ts.isIdentifier))
      for (const tag of commentsOf(node).flatMap(({ tags }) => tags ?? []))
        if (ts.isJSDocParameterTag(tag) && !names.some(({ text }) => text === tag.name.getText(source)))
          stray.push(`${source.fileName}: @param ${tag.name.getText(source)}`);
    node.forEachChild(visit);
  };
  visit(source);
  return stray;
}

/** Whether a function or class is exported, and no sentence says what it does. */
function isSilent(node: ts.Statement): node is ts.FunctionDeclaration | ts.ClassDeclaration {
  if (!ts.isFunctionDeclaration(node) && !ts.isClassDeclaration(node)) return false;
  if (node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) !== true) return false;
  return !commentsOf(node).some(({ comment }) => comment?.length);
}

it('say what every exported function and class does', () => {
  const silent = sources.flatMap((source) =>
    source.statements.filter(isSilent).map(({ name }) => `${source.fileName}: ${name?.text ?? 'default'}`),
  );
  expect(silent).toEqual([]);
});

it('describe parameters that exist', () => {
  expect(sources.flatMap(strayParams)).toEqual([]);
});
