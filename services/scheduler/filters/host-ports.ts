// A port published on the node itself serves one task.
import { holdsHostPort } from '../candidate.ts';
import { countNodes, type Filter } from './filter.ts';

export const hostPortFilter: Filter = {
  name: 'host-ports',
  prepare({ hostPorts }) {
    if (hostPorts.length === 0) return undefined;
    return (candidate) => !hostPorts.some((key) => holdsHostPort(candidate, key));
  },
  explain: (nodes) => `host-mode port already in use on ${countNodes(nodes)}`,
};
