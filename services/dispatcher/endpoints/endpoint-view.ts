// What the store of endpoints holds, as far as this dispatcher has been told. No I/O.
import {
  decodeEndpoints,
  type Endpoints,
  type EndpointsOf,
  endpointsSubject,
  networkEndpointsSchema,
  serviceEndpointsSchema,
} from '@muster/events';
import type { EndpointsRecord } from '@muster/log';
import type { Topic } from './derive-endpoints.ts';

export interface EndpointEntry {
  readonly of: EndpointsOf;
  /** Sequence in the store: what a compare-and-set expects, and what nodes say they have come to. */
  readonly seq: number;
  /** The log sequence it follows from. */
  readonly basis: number;
  readonly gone: boolean;
  /** All but the basis, as far as this build knows it. */
  readonly content: string;
}

export interface EndpointView {
  readonly size: number;
  /** The highest basis ever seen: a state that has not been folded so far says nothing. */
  readonly newestBasis: number;
  /** Ignored when a later one is known. */
  note(entry: EndpointEntry): void;
  /** The entry turned out to be gone from the store. */
  drop(of: EndpointsOf, seq: number): void;
  entryOf(of: EndpointsOf): EndpointEntry | undefined;
  /** Of a network its own; of a service one for each network that it is or was on. */
  entriesOf(topic: Topic): readonly EndpointEntry[];
  topics(): Iterable<Topic>;
}

export function createEndpointView(): EndpointView {
  const entries = new Map<string, EndpointEntry>();
  const networksOf = new Map<string, Set<string>>();
  let newestBasis = 0;

  const entryOf = (of: EndpointsOf) => entries.get(endpointsSubject(of));

  return {
    get size() {
      return entries.size;
    },
    get newestBasis() {
      return newestBasis;
    },
    note(entry) {
      newestBasis = Math.max(newestBasis, entry.basis);
      const { networkId, serviceId } = entry.of;
      if ((entryOf(entry.of)?.seq ?? 0) > entry.seq) return;
      entries.set(endpointsSubject(entry.of), entry);
      if (serviceId === undefined) return;
      const networks = networksOf.get(serviceId) ?? new Set();
      networksOf.set(serviceId, networks.add(networkId));
    },
    drop(of, seq) {
      if (entryOf(of)?.seq !== seq) return;
      entries.delete(endpointsSubject(of));
      if (of.serviceId === undefined) return;
      const networks = networksOf.get(of.serviceId);
      networks?.delete(of.networkId);
      if (networks?.size === 0) networksOf.delete(of.serviceId);
    },
    entryOf,
    entriesOf(topic) {
      if ('networkId' in topic) return [entryOf(topic) ?? []].flat();
      const { serviceId } = topic;
      return [...(networksOf.get(serviceId) ?? [])].flatMap(
        (networkId) => entryOf({ networkId, serviceId }) ?? [],
      );
    },
    *topics() {
      for (const { of } of entries.values())
        if (of.serviceId === undefined) yield { networkId: of.networkId };
      for (const serviceId of networksOf.keys()) yield { serviceId };
    },
  };
}

/** Never throws: what can't be read, by whatever wrote it, counts as older than any, and is replaced. */
export function readEntry({ of, seq, data }: EndpointsRecord): EndpointEntry {
  try {
    return entryOf(of, seq, inOrder(decodeEndpoints(data)));
  } catch {
    return { of, seq, basis: 0, gone: false, content: '' };
  }
}

/** Fields as this build writes them, whoever wrote them: two builds that mean the same don't write over each other. */
function inOrder(endpoints: Endpoints): Endpoints {
  switch (endpoints.type) {
    case 'network':
      return networkEndpointsSchema.parse(endpoints);
    case 'service':
      return serviceEndpointsSchema.parse(endpoints);
    case 'gone':
      return endpoints;
  }
}

export function entryOf(
  of: EndpointsOf,
  seq: number,
  { basis, at: _, ...content }: Endpoints,
): EndpointEntry {
  return { of, seq, basis, gone: content.type === 'gone', content: writeContent(content) };
}

/** What is to be said has its fields in the order of the schema. */
export function writeContent(content: { readonly type: Endpoints['type'] }): string {
  return content.type === 'gone' ? 'gone' : JSON.stringify(content);
}
