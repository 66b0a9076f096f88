// SwarmKit's placement constraints (manager/constraint/constraint.go): `key==value` or `key!=value`, compared as
// whole strings without regard to case. No globs, no regular expressions.
import { BlockList, isIP } from 'node:net';
import type { NodeDescription } from './node.ts';

export interface Constraint {
  readonly key: string;
  readonly operator: '==' | '!=';
  readonly value: string;
}

const OPERATORS = ['==', '!='] as const;
const KEY = /^[a-z_][a-z0-9\-_.]+$/i;
const VALUE = /^[a-z0-9:\-_\s.*()?+[\]\\^$|/]+$/i;

export function parseConstraint(text: string): Constraint | { readonly error: string } {
  const operator = OPERATORS.find((candidate) => text.includes(candidate));
  if (!operator) return { error: `constraint expected one operator from ${OPERATORS.join(', ')}` };
  const at = text.indexOf(operator);
  const key = text.slice(0, at).trim();
  if (!KEY.test(key)) return { error: `key '${key}' is invalid` };
  const value = text.slice(at + operator.length).trim();
  if (!VALUE.test(value)) return { error: `value '${value}' is invalid` };
  return { key, operator, value };
}

/** True when any candidate equals the value (`==`), or none does (`!=`). */
export function matchConstraint({ operator, value }: Constraint, candidates: readonly string[]): boolean {
  const wanted = value.toLowerCase();
  const found = candidates.some((candidate) => candidate.toLowerCase() === wanted);
  return found === (operator === '==');
}

/** What a constraint may ask about. A node that has not described itself yet has no description. */
export interface ConstrainedNode {
  readonly id: string;
  readonly description: NodeDescription | undefined;
}

/** An unknown key never matches; a missing label is the empty string. */
export function nodeSatisfies(node: ConstrainedNode, constraint: Constraint): boolean {
  const { key } = constraint;
  const { description } = node;
  const fold = key.toLowerCase();
  switch (fold) {
    case 'node.id':
      return matchConstraint(constraint, [node.id]);
    case 'node.hostname':
      return matchConstraint(constraint, [description?.hostname ?? '']);
    case 'node.ip':
      return matchAddress(constraint, description?.addr);
    case 'node.role':
      // Nodes run tasks and decide nothing: every one is what Swarm calls a worker.
      return matchConstraint(constraint, ['worker']);
    case 'node.platform.os':
      return matchConstraint(constraint, [description?.platform.os ?? '']);
    case 'node.platform.arch':
      return matchConstraint(constraint, [description?.platform.architecture ?? '']);
  }
  if (fold.startsWith('node.labels.')) {
    return matchConstraint(constraint, [description?.labels[key.slice('node.labels.'.length)] ?? '']);
  }
  if (fold.startsWith('engine.labels.')) {
    return matchConstraint(constraint, [
      description?.engine.labels[key.slice('engine.labels.'.length)] ?? '',
    ]);
  }
  return false;
}

/** `node.ip` takes an address or a CIDR block. A value that is neither never matches, whatever the operator. */
function matchAddress({ operator, value }: Constraint, addr: string | undefined): boolean {
  const [network, prefix] = value.split('/');
  const family = isIP(network!) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(network!) === 0) return false;
  if (addr === undefined || isIP(addr) === 0) return operator === '!=';
  const block = new BlockList();
  if (prefix === undefined) block.addAddress(network!, family);
  else block.addSubnet(network!, Number(prefix), family);
  return block.check(addr, isIP(addr) === 6 ? 'ipv6' : 'ipv4') === (operator === '==');
}
