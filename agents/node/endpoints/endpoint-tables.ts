// Who is where on every network, and who answers for each service there, as the messages that were read say: of two about the same the
// one with the higher basis holds. Pure.
import {
  type Endpoints,
  type EndpointsOf,
  endpointsSubject,
  type NetworkEndpoints,
  type ServiceEndpoints,
} from '@muster/events';

export interface EndpointTables {
  /** By their ids. */
  readonly networks: ReadonlyMap<string, NetworkEndpoints>;
  /** By network, then by the service's id. */
  readonly services: ReadonlyMap<string, ReadonlyMap<string, ServiceEndpoints>>;
}

export interface FoldedTables extends EndpointTables {
  /** False when nothing is another than before. */
  fold(of: EndpointsOf, endpoints: Endpoints): boolean;
  /** A reading of everything begins. */
  beginReading(): void;
  /** Forgets what was not read since then: its tombstone went while nobody looked. Returns the networks that it was of. */
  forgetUnread(): ReadonlySet<string>;
}

export function createEndpointTables(): FoldedTables {
  const networks = new Map<string, NetworkEndpoints>();
  const services = new Map<string, Map<string, ServiceEndpoints>>();
  /** Of every subject, gone ones as well: an older message brings nothing back. */
  const known = new Map<string, { readonly of: EndpointsOf; readonly basis: number }>();
  const unread = new Set<string>();

  function put(of: EndpointsOf, endpoints: Endpoints): boolean {
    const { networkId, serviceId } = of;
    if (serviceId === undefined) {
      if (endpoints.type !== 'network') return networks.delete(networkId);
      networks.set(networkId, endpoints);
      return true;
    }
    const table = services.get(networkId);
    if (endpoints.type !== 'service') {
      const wasThere = table?.delete(serviceId) ?? false;
      if (table?.size === 0) services.delete(networkId);
      return wasThere;
    }
    if (table) table.set(serviceId, endpoints);
    else services.set(networkId, new Map([[serviceId, endpoints]]));
    return true;
  }

  return {
    networks,
    services,
    fold(of, endpoints) {
      const subject = endpointsSubject(of);
      unread.delete(subject);
      if ((known.get(subject)?.basis ?? -1) >= endpoints.basis) return false;
      known.set(subject, { of, basis: endpoints.basis });
      return put(of, endpoints);
    },
    beginReading() {
      for (const subject of known.keys()) unread.add(subject);
    },
    forgetUnread() {
      const touched = new Set<string>();
      for (const subject of unread) {
        const { of } = known.get(subject)!;
        known.delete(subject);
        if (put(of, { v: 1, type: 'gone', basis: 0 })) touched.add(of.networkId);
      }
      unread.clear();
      return touched;
    },
  };
}
