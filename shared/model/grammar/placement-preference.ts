// Placement preferences: "spread=node.labels.zone" asks that a service's tasks be shared equally among the values of a
// label. Nodes without the label are those of the value "". What SwarmKit would pass over in silence is refused.

import type { PlacementPreference } from '../spec/service-spec.ts';
import { type ConstrainedNode, compileLabel } from './constraint.ts';

/** Docker's `<strategy>=<arg>`, and what is wrong in the words of its CLI. */
export function parsePlacementPreference(text: string): PlacementPreference | { readonly error: string } {
  const [strategy, ...rest] = text.split('=');
  if (!strategy || rest.length === 0)
    return { error: 'placement preference must be of the format "<strategy>=<arg>"' };
  if (strategy !== 'spread')
    return { error: `unsupported placement preference ${strategy} (only spread is supported)` };
  return { spread: { spreadDescriptor: rest.join('=') } };
}

/** Reads of a node the value it is spread by; undefined when nothing is known by that name. */
export function compilePreference({
  spread,
}: PlacementPreference): ((node: ConstrainedNode) => string) | undefined {
  return compileLabel(spread.spreadDescriptor);
}
