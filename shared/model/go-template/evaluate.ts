// Runs a parsed template on a value. Only own properties of JSON values can be reached.
import { ownValue } from '../stored/own-keys.ts';
import { arity, functions, isTrue, type TemplateFunction } from './functions.ts';
import { isUserMap } from './known-fields.ts';
import { isList, isMap, printValue, type Value } from './print.ts';
import { type Command, type Operand, type Pipe, TemplateError, type TemplateNode } from './syntax.ts';

const LAZY = ['and', 'or'] as const;

/** What a user of templates adds to them, or keeps from them. */
export interface Dialect {
  /** Beside those of text/template, or instead of them. */
  readonly functions: Readonly<Record<string, TemplateFunction>>;
  /** How many arguments each takes, where that is fixed. */
  readonly arity?: Readonly<Record<string, number>>;
  /** What is printed of a value's text. */
  readonly show?: (text: string) => string;
  /** What is printed of no value. */
  readonly absent: string;
  /** A map that has not what is asked for is a mistake. */
  readonly isStrict?: boolean;
  /** As long as what it prints, or any value of its own, may be; and how many steps it may take. */
  readonly limit?: { readonly length: number; readonly steps: number };
}

export function knowsFunction(name: string, dialect: Dialect): boolean {
  return (LAZY as readonly string[]).includes(name) || findFunction(name, dialect) !== undefined;
}

function findFunction(name: string, dialect: Dialect): TemplateFunction | undefined {
  return ownValue(dialect.functions, name) ?? ownValue(functions, name);
}

function findArity(name: string, dialect: Dialect): number | undefined {
  return Object.hasOwn(dialect.functions, name) ? ownValue(dialect.arity ?? {}, name) : ownValue(arity, name);
}

type Scope = { name: string; value: Value }[];
type Jump = 'break' | 'continue' | undefined;

export function evaluateTemplate(nodes: readonly TemplateNode[], root: Value, dialect: Dialect): string {
  const scope: Scope = [{ name: '$', value: root }];
  const { show = (text) => text, absent, limit } = dialect;
  let output = '';
  let steps = 0;

  function bound<Of extends Value>(value: Of): Of {
    if (limit && typeof value === 'string' && value.length > limit.length)
      throw new TemplateError(`template: it prints more than ${limit.length} characters`);
    return value;
  }

  function walk(list: readonly TemplateNode[], dot: Value): Jump {
    const depth = scope.length;
    for (const node of list) {
      const jump = visit(node, dot);
      if (jump) {
        scope.length = depth;
        return jump;
      }
    }
    scope.length = depth;
    return undefined;
  }

  function visit(node: TemplateNode, dot: Value): Jump {
    steps += 1;
    if (limit && steps > limit.steps)
      throw new TemplateError(`template: it takes more than ${limit.steps} steps`);
    switch (node.kind) {
      case 'text':
        output = bound(output + node.text);
        return undefined;
      case 'action': {
        const value = runPipe(node.pipe, dot);
        if (node.pipe.variables.length === 0)
          output = bound(output + (value === undefined || value === null ? absent : show(printValue(value))));
        return undefined;
      }
      case 'break':
      case 'continue':
        return node.kind;
      case 'range':
        return visitRange(node, dot);
      default: {
        const depth = scope.length;
        const value = runPipe(node.pipe, dot);
        const jump = isTrue(value)
          ? walk(node.body, node.kind === 'with' ? value : dot)
          : walk(node.otherwise, dot);
        scope.length = depth;
        return jump;
      }
    }
  }

  function visitRange(node: Extract<TemplateNode, { kind: 'if' | 'with' | 'range' }>, dot: Value): Jump {
    const depth = scope.length;
    const { variables, assign } = node.pipe;
    const value = runCommands(node.pipe, dot);
    const entries = listEntries(value);
    if (entries.length === 0) return walk(node.otherwise, dot);
    for (const [key, item] of entries) {
      const values = variables.length === 2 ? [key, item] : [item];
      variables.forEach((name, index) => {
        bind(name, values[index], assign);
      });
      const jump = walk(node.body, item);
      scope.length = depth;
      if (jump === 'break') break;
    }
    return undefined;
  }

  function listEntries(value: Value): [Value, Value][] {
    if (value === undefined || value === null) return [];
    if (isList(value)) return value.map((item, index) => [index, item]);
    if (isMap(value))
      return Object.keys(value)
        .sort()
        .map((key) => [key, ownValue(value, key)]);
    if (Number.isInteger(value)) return countTo(value as number);
    throw new TemplateError(`template: range can't iterate over ${printValue(value)}`);
  }

  function countTo(end: number): [Value, Value][] {
    if (limit && end > limit.steps)
      throw new TemplateError(`template: it takes more than ${limit.steps} steps`);
    return Array.from({ length: Math.max(0, end) }, (_, index) => [index, index]);
  }

  function runPipe(pipe: Pipe, dot: Value): Value {
    const value = runCommands(pipe, dot);
    for (const name of pipe.variables) bind(name, value, pipe.assign);
    return value;
  }

  function runCommands(pipe: Pipe, dot: Value): Value {
    let piped: readonly Value[] = [];
    for (const command of pipe.commands) piped = [runCommand(command, dot, piped)];
    return piped[0];
  }

  function bind(name: string, value: Value, assign: boolean): void {
    if (!assign) scope.push({ name, value });
    else findVariable(name).value = value;
  }

  function findVariable(name: string): Scope[number] {
    const found = scope.findLast((variable) => variable.name === name);
    if (!found) throw new TemplateError(`template: undefined variable ${JSON.stringify(name)}`);
    return found;
  }

  function runCommand({ operands }: Command, dot: Value, piped: readonly Value[]): Value {
    const [first, ...rest] = operands;
    if (first.kind === 'function') return call(first.name, rest, dot, piped);
    if (rest.length + piped.length > 0) {
      throw new TemplateError(`template: can't give argument to non-function ${describe(first)}`);
    }
    return resolve(first, dot);
  }

  function call(name: string, operands: readonly Operand[], dot: Value, piped: readonly Value[]): Value {
    if (name === 'and' || name === 'or') return callLazy(name, operands, dot, piped);
    const args = [...operands.map((operand) => resolve(operand, dot)), ...piped];
    const wanted = findArity(name, dialect);
    if (wanted !== undefined && wanted !== args.length) {
      throw new TemplateError(
        `template: wrong number of args for ${name}: want ${wanted} got ${args.length}`,
      );
    }
    try {
      return bound(findFunction(name, dialect)!(...args));
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      throw new TemplateError(`template: error calling ${name}: ${(error as Error).message}`);
    }
  }

  function callLazy(
    name: 'and' | 'or',
    operands: readonly Operand[],
    dot: Value,
    piped: readonly Value[],
  ): Value {
    if (operands.length + piped.length === 0)
      throw new TemplateError(`template: wrong number of args for ${name}: want at least 1 got 0`);
    let value: Value;
    for (const operand of operands) {
      value = resolve(operand, dot);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return piped.length > 0 ? piped[0] : value;
  }

  function resolve(operand: Operand, dot: Value): Value {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'literal':
        return operand.value;
      case 'variable':
        return findVariable(operand.name).value;
      case 'pipe':
        return runPipe(operand.pipe, dot);
      case 'function':
        return call(operand.name, [], dot, []);
      case 'chain':
        return operand.fields.reduce((value, field) => getField(value, field), resolve(operand.of, dot));
    }
  }

  function getField(of: Value, field: string): Value {
    if (of === null || of === undefined) {
      throw new TemplateError(`template: at <.${field}>: nil pointer evaluating interface {}.${field}`);
    }
    if (isMap(of) && Object.hasOwn(of, field)) return ownValue(of, field);
    if (!isMap(of)) throw new TemplateError(`template: can't evaluate field ${field} in ${printValue(of)}`);
    if (isUserMap(of)) {
      if (!dialect.isStrict) return undefined;
      throw new TemplateError(`template: at <.${field}>: map has no entry for key ${JSON.stringify(field)}`);
    }
    throw new TemplateError(
      `template: at <.${field}>: can't evaluate field ${field}: there is ${Object.keys(of).join(', ')}`,
    );
  }

  walk(nodes, root);
  return output;
}

function describe(operand: Operand): string {
  if (operand.kind === 'chain')
    return `${operand.of.kind === 'variable' ? operand.of.name : ''}.${operand.fields.join('.')}`;
  if (operand.kind === 'variable') return operand.name;
  return operand.kind === 'literal' ? JSON.stringify(operand.value) : operand.kind;
}
