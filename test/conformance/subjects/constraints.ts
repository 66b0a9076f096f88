// Placement constraints: how they are read, how they compare, what they say of a node.
import {
  type ConstrainedNode,
  type Constraint,
  matchConstraint,
  nodeSatisfies,
  parseConstraint,
} from '@muster/model';
import { describeNode } from '@muster/testing';
import type { Subject } from '../subject.ts';

export const constraintParse: Subject = {
  start: () => (row) => {
    const constraint = parseConstraint(row.expr as string);
    if ('error' in constraint) return constraint;
    const { key, operator, value } = constraint;
    return { key, op: operator, value };
  },
};

export const constraintMatch: Subject = {
  start: () => (row) => matchConstraint(parse(row.expr as string), row.candidates as string[]),
};

export const constraintNode: Subject = {
  start: () => (row) => {
    const node = readNode(row.node as NodeRow);
    return (row.constraints as string[]).every((text) => nodeSatisfies(node, parse(text)));
  },
};

interface NodeRow {
  readonly id: string;
  readonly role: 'worker' | 'manager';
  readonly addr: string;
  readonly labels: Record<string, string>;
  readonly desc: boolean;
  readonly hostname: string;
  readonly engineLabels: Record<string, string>;
  readonly platform?: readonly [string, string] | null;
}

function readNode(row: NodeRow): ConstrainedNode {
  const { id, role, addr, labels, desc, hostname, engineLabels, platform } = row;
  const [os = '', architecture = ''] = platform ?? [];
  const description = describeNode(hostname, {
    platform: { os, architecture },
    engine: { backend: '', version: '', labels: engineLabels },
  });
  return { id, role, addr, labels, description: desc ? description : undefined };
}

function parse(text: string): Constraint {
  const constraint = parseConstraint(text);
  if ('error' in constraint) throw new Error(constraint.error);
  return constraint;
}
