/** Comments that code has left behind. */
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

it('describes parameters that exist', () => {
  const stray = files.flatMap((file) =>
    strayParams(ts.createSourceFile(file, readFileSync(join(SRC, file), 'utf8'), ts.ScriptTarget.Latest, true)),
  );
  expect(stray).toEqual([]);
});
