// SwarmKit's placement constraints (manager/constraint/constraint.go): `key==value` or `key!=value`, compared as
// whole strings without regard to case. No globs, no regular expressions.

import type { NodeDescription } from '../node.ts';
import { ownValue } from '../stored/own-keys.ts';
import { addressWithin, type IpBlock, parseAddress, parseBlock } from './ip-address.ts';

export interface Constraint {
  readonly key: string;
  readonly operator: '==' | '!=';
  readonly value: string;
}

const OPERATORS = ['==', '!='] as const;
// Go's \s, and its folding of letters without regard to case, are not JavaScript's: hence the sets and the flags.
const KEY = /^[a-z_][a-z0-9\-_.]+$/iu;
const VALUE = /^[a-z0-9:\-_\t\n\f\r .*()?+[\]\\^$|/]+$/iu;
const BLANK = /^\p{White_Space}$/u;

export function parseConstraint(text: string): Constraint | { readonly error: string } {
  const operator = OPERATORS.find((candidate) => text.includes(candidate));
  if (!operator) return { error: `constraint expected one operator from ${OPERATORS.join(', ')}` };
  const at = text.indexOf(operator);
  const key = trimBlanks(text.slice(0, at));
  if (!KEY.test(key)) return { error: `key '${key}' is invalid` };
  const value = trimBlanks(text.slice(at + operator.length));
  if (!VALUE.test(value)) return { error: `value '${value}' is invalid` };
  return { key, operator, value };
}

/** Go's TrimSpace. Not one pattern for the end: that would look at a megabyte of blanks again from each of them. */
function trimBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && BLANK.test(text[start]!)) start += 1;
  while (end > start && BLANK.test(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}

/** True when any candidate equals the value (`==`), or none does (`!=`). */
export function matchConstraint({ operator, value }: Constraint, candidates: readonly string[]): boolean {
  const wanted = fold(value);
  return candidates.some((candidate) => foldsTo(candidate, wanted)) === (operator === '==');
}

/** What a constraint may ask about. A node that has not described itself yet has no description. */
export interface ConstrainedNode {
  readonly id: string;
  /** Nodes run tasks and decide nothing: unless told otherwise, each is what Swarm calls a worker. */
  readonly role?: 'worker' | 'manager';
  /** Where they are known otherwise, the description is not asked. */
  readonly addr?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly description: NodeDescription | undefined;
}

export type NodeTest = (node: ConstrainedNode) => boolean;

/** An unknown key never matches; a missing label is the empty string. */
export function nodeSatisfies(node: ConstrainedNode, constraint: Constraint): boolean {
  return compileConstraint(constraint)(node);
}

/** The constraint as a test that can be put to many nodes. */
export function compileConstraint(constraint: Constraint): NodeTest {
  const key = fold(constraint.key);
  if (key === 'node.ip') return compileAddress(constraint);
  const property = propertyByKey.get(key) ?? compileLabel(constraint.key);
  if (!property) return () => false;
  const wanted = fold(constraint.value);
  const equals = constraint.operator === '==';
  const alias = key === 'node.platform.arch' ? architectureAliases.get(wanted) : undefined;
  return (node) => {
    const value = property(node);
    return (foldsTo(value, wanted) || (alias !== undefined && foldsTo(value, alias))) === equals;
  };
}

/**
 * All of them have to hold. Admission refuses what can't be read; should one be stored all the same, SwarmKit goes by none of
 * them.
 */
export function compileConstraints(texts: readonly string[]): readonly NodeTest[] {
  const constraints = texts.map(parseConstraint);
  const isRead = (constraint: (typeof constraints)[number]): constraint is Constraint =>
    !('error' in constraint);
  return constraints.every(isRead) ? constraints.map(compileConstraint) : [];
}

/**
 * Nodes name architectures as Go does. Whoever asks for one may name it as the kernel and `docker info` do: SwarmKit's
 * aliases (manager/scheduler/filter.go).
 */
const architectureAliases: ReadonlyMap<string, string> = new Map([
  ['x86_64', 'amd64'],
  ['aarch64', 'arm64'],
]);

type Property = (node: ConstrainedNode) => string;

const propertyByKey: ReadonlyMap<string, Property> = new Map<string, Property>([
  ['node.id', ({ id }) => id],
  ['node.hostname', ({ description }) => description?.hostname ?? ''],
  ['node.role', ({ role }) => role ?? 'worker'],
  ['node.platform.os', ({ description }) => description?.platform.os ?? ''],
  ['node.platform.arch', ({ description }) => description?.platform.architecture ?? ''],
]);

/** Reads a node's label. The prefix is compared without regard to case, the label's own name is not. */
export function compileLabel(key: string): Property | undefined {
  const [, owner, label] = /^(node|engine)\.labels\.(.+)$/i.exec(key) ?? [];
  if (label === undefined) return undefined;
  return owner!.toLowerCase() === 'node'
    ? ({ labels, description }) => readLabel(labels ?? description?.labels, label)
    : ({ description }) => readLabel(description?.engine.labels, label);
}

/** A label may have the name of something every object inherits. */
function readLabel(labels: Readonly<Record<string, string>> | undefined, label: string): string {
  return (labels && ownValue(labels, label)) ?? '';
}

/** `node.ip` takes an address or a CIDR block. A value that is neither never matches, whatever the operator. */
function compileAddress({ operator, value }: Constraint): NodeTest {
  const block: IpBlock | undefined = parseBlock(value);
  if (!block) return () => false;
  return ({ addr, description }) => {
    const address = parseAddress(addr ?? description?.addr ?? '');
    return (address !== undefined && addressWithin(address, block)) === (operator === '==');
  };
}

/** With foldsTo, Go's strings.EqualFold for a value that only holds ASCII or what folds to it. */
function fold(text: string): string {
  return text.toLowerCase().replaceAll('ſ', 's');
}

/** What folds to ASCII is as long as that. */
function foldsTo(text: string, folded: string): boolean {
  return text.length === folded.length && (text === folded || fold(text) === folded);
}
