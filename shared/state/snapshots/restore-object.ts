// From the row of an object back to the object. Links say which number the tables know it by.
import { ownValue } from '@muster/model';
import type { ClusterState } from '../cluster/state.ts';
import type { Link } from '../kinds/kind.ts';
import { kinds } from '../kinds/kinds.ts';
import type { Links } from './capture.ts';
import type { Row } from './rows.ts';

const knownLinks = new WeakMap<readonly Link[], ReadonlyMap<string, Link>>();

export function restoreObject(state: ClusterState, links: Links, [name, ...fields]: Row): void {
  const kind = ownValue(kinds, name);
  if (!kind) throw new Error(`unknown row "${name}"`);
  kind.restore(state, fields, (key) => indexLinks(ownValue(links.kinds, name) ?? []).get(key)!);
}

function indexLinks(links: readonly Link[]): ReadonlyMap<string, Link> {
  let known = knownLinks.get(links);
  if (!known) {
    known = new Map(links.map((link) => [link[0], link]));
    knownLinks.set(links, known);
  }
  return known;
}
