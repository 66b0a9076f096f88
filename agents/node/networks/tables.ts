// What the cluster says of networks, as far as it is known here.
import type { NetworkEndpoints, ServiceEndpoints } from '@muster/events';

export interface NetworkTables {
  /** By id. */
  readonly networks: ReadonlyMap<string, NetworkEndpoints>;
  /** By the network's id, then by the service's. */
  readonly services: ReadonlyMap<string, ReadonlyMap<string, ServiceEndpoints>>;
}

export const noTables: NetworkTables = { networks: new Map(), services: new Map() };
