// Placement constraints: all of them must hold.
import { compileConstraint, type NodeTest, parseConstraint } from '@muster/model';
import { countNodes, type Filter } from './filter.ts';

export const constraintFilter: Filter = {
  name: 'constraints',
  prepare({ version }) {
    const tests: NodeTest[] = [];
    for (const text of version.spec.placement.constraints) {
      const constraint = parseConstraint(text);
      // Admission refuses these. Should one get here all the same, SwarmKit goes by none of them.
      if ('error' in constraint) return undefined;
      tests.push(compileConstraint(constraint));
    }
    return tests.length === 0 ? undefined : ({ node }) => tests.every((test) => test(node));
  },
  explain: (nodes) => `scheduling constraints not satisfied on ${countNodes(nodes)}`,
};
