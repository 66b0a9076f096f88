// Placement constraints: all of them must hold.
import { compileConstraints, type NodeTest } from '@muster/model';
import { countNodes, type Filter } from './filter.ts';

export const constraintFilter: Filter = {
  name: 'constraints',
  prepare({ version }, roster) {
    const { constraints } = version.spec.placement;
    if (constraints.length === 0) return undefined;
    // Hardly ever asked: bits say it faster.
    let tests: readonly NodeTest[] | undefined;
    return {
      test(rank) {
        tests ??= compileConstraints(constraints);
        const node = roster.nodes[rank]!;
        return tests.every((test) => test(node));
      },
      passes: (charge) => roster.masks.find(constraints, charge),
    };
  },
  explain: (nodes) => `scheduling constraints not satisfied on ${countNodes(nodes)}`,
};
