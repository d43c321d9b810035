/** @file Comments that code has left behind, or never had. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

/** The names in a parameter: its own, or those that it is taken apart into. */
function namesIn(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesIn(element.name)));
}

/** The function that a comment describes. */
function describedFunction(node: ts.Node): ts.SignatureDeclaration | undefined {
  const value = ts.isVariableStatement(node)
    ? node.declarationList.declarations[0]?.initializer
    : ts.isPropertyDeclaration(node)
      ? node.initializer
      : ts.isPropertySignature(node)
        ? node.type
        : node;
  return value !== undefined && ts.isFunctionLike(value) ? value : undefined;
}

/** `@param` tags that name no parameter. One that is taken apart may be called anything. */
function strayParams(source: ts.SourceFile): string[] {
  const stray: string[] = [];
  const visit = (node: ts.Node): void => {
    const described = describedFunction(node);
    const parameters = described?.parameters ?? [];
    const names = parameters.flatMap(({ name }) => namesIn(name));
    const isTakenApart = parameters.some(({ name }) => !ts.isIdentifier(name));
    if (described !== undefined && !isTakenApart)
      for (const tag of ts.getJSDocTags(node).filter(ts.isJSDocParameterTag))
        if (tag.parent.parent === node && !names.includes(tag.name.getText(source)))
          stray.push(`${source.fileName}: @param ${tag.name.getText(source)}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return stray;
}

/** Whether a function or class is exported, and no sentence says what it does. */
function isSilent(node: ts.Statement): node is ts.FunctionDeclaration | ts.ClassDeclaration {
  if (!ts.isFunctionDeclaration(node) && !ts.isClassDeclaration(node)) return false;
  if (node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) !== true) return false;
  return !ts.getJSDocCommentsAndTags(node).some((part) => ts.isJSDoc(part) && part.comment !== undefined);
}

const sources = files.map((name) =>
  ts.createSourceFile(name, readFileSync(join(SRC, name), 'utf8'), ts.ScriptTarget.Latest, true),
);

it('say what every exported function and class does', () => {
  const silent = sources.flatMap((source) =>
    source.statements.filter(isSilent).map(({ name }) => `${source.fileName}: ${name?.text ?? 'default'}`),
  );
  expect(silent).toEqual([]);
});

it('describe parameters that exist', () => {
  expect(sources.flatMap(strayParams)).toEqual([]);
});
