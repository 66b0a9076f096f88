// Placement constraints: all of them must hold.
import { compileConstraint, type NodeTest, parseConstraint } from '@muster/model';
import { countNodes, type Filter } from './filter.ts';

export const constraintFilter: Filter = {
  name: 'constraints',
  inBits: true,
  prepare({ version }, roster) {
    const { constraints } = version.spec.placement;
    if (constraints.length === 0) return undefined;
    // Hardly ever asked: bits say it faster.
    let tests: readonly NodeTest[] | undefined;
    return (rank) => {
      tests ??= compileAll(constraints);
      const node = roster.nodes[rank]!;
      return tests.every((test) => test(node));
    };
  },
  explain: (nodes) => `scheduling constraints not satisfied on ${countNodes(nodes)}`,
};

/** Admission refuses constraints that can't be read. Should one get here all the same, SwarmKit goes by none of them. */
function compileAll(constraints: readonly string[]): NodeTest[] {
  const tests: NodeTest[] = [];
  for (const text of constraints) {
    const constraint = parseConstraint(text);
    if ('error' in constraint) return [];
    tests.push(compileConstraint(constraint));
  }
  return tests;
}
