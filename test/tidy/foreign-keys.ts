// Finds what takes a key that anybody may have chosen for a field: `map[key]` finds "constructor" in every map, and an
// assignment to "__proto__" is lost. Asks the compiler for types: an array's numbers and a tuple's names are no such keys.
import path from 'node:path';
import ts from 'typescript';

/** The program as tsconfig.json describes it, as far as it is looked at. */
export function readProgram(root: string, isLooked: (file: string) => boolean): ts.Program {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: refuse };
  const { fileNames, options } = ts.getParsedCommandLineOfConfigFile(`${root}tsconfig.json`, {}, host)!;
  const looked = fileNames.filter((file) => isLooked(path.relative(root, file)));
  return ts.createProgram(looked, options);
}

/** `path:line: code` of each. */
export function findForeignKeys(
  program: ts.Program,
  root: string,
  isLooked: (file: string) => boolean,
): string[] {
  const checker = program.getTypeChecker();
  const found: string[] = [];
  for (const file of program.getSourceFiles()) {
    const name = path.relative(root, file.fileName);
    if (isLooked(name)) visit(file, file, name);
  }
  return found;

  function visit(node: ts.Node, file: ts.SourceFile, name: string): void {
    if (isForeign(node, checker)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
      found.push(`${name}:${line + 1}: ${node.getText(file)}`);
    }
    ts.forEachChild(node, (child) => visit(child, file, name));
  }
}

function isForeign(node: ts.Node, checker: ts.TypeChecker): boolean {
  if (ts.isElementAccessExpression(node))
    return !ts.isDeleteExpression(node.parent) && isAnyText(node.argumentExpression, checker);
  // One that narrows a type names its field.
  if (ts.isBinaryExpression(node))
    return node.operatorToken.kind === ts.SyntaxKind.InKeyword && isAnyText(node.left, checker);
  // It assigns, as opposed to a spread, which defines.
  if (ts.isCallExpression(node))
    return node.expression.getText() === 'Object.assign' && node.arguments.slice(1).some(isMap);
  return false;

  function isMap(argument: ts.Expression): boolean {
    return checker.getTypeAtLocation(argument).getStringIndexType() !== undefined;
  }
}

function isAnyText(key: ts.Expression, checker: ts.TypeChecker): boolean {
  const type = checker.getTypeAtLocation(key);
  const bound = checker.getBaseConstraintOfType(type) ?? type;
  const anyText =
    ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral | ts.TypeFlags.Any | ts.TypeFlags.Unknown;
  return (bound.isUnion() ? bound.types : [bound]).some(({ flags }) => (flags & anyText) !== 0);
}

function refuse(diagnostic: ts.Diagnostic): never {
  throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
}
